"""HMR 2.0: a vision transformer that turns a person's crop into SMPL parameters.

Names are loaded when they are asked for: who only looks for a checkpoint does not wait for torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..crops.person_crops import crop_people
    from ..engines import NetworkOutput
    from .checkpoint import load_checkpoint
    from .checkpoint_search import find_checkpoint
    from .hmr2_config import Hmr2Config
    from .hmr2_model import Hmr2

_MODULES = {
    "Hmr2": ".hmr2_model",
    "Hmr2Config": ".hmr2_config",
    "NetworkOutput": "..engines",
    "crop_people": "..crops.person_crops",
    "find_checkpoint": ".checkpoint_search",
    "load_checkpoint": ".checkpoint",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name], __name__), name)


__all__ = [
    "Hmr2",
    "Hmr2Config",
    "NetworkOutput",
    "crop_people",
    "find_checkpoint",
    "load_checkpoint",
]
