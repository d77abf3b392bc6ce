"""The people of several cameras as one list.

    each camera's people -> sights at one moment -> who is who -> one body each -> People

Positions are fused by covariance intersection, since one camera's errors depend on another's in
unknown ways; bodies by their joints, each known worse along a camera's viewing ray.
"""

from .fused_people import with_mesh
from .people_fusion import PeopleFusion
from .rounds import ListRounds

__all__ = ["ListRounds", "PeopleFusion", "with_mesh"]
