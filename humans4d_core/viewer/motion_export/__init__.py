"""One person's motion out of a recording, for animation programs and other datasets' tools."""

from .bvh_motion import write_bvh
from .glb_motion import write_glb_motion
from .npz_motion import write_npz
from .person_motion import PersonMotion, motions_of

__all__ = ["PersonMotion", "motions_of", "write_bvh", "write_glb_motion", "write_npz"]
