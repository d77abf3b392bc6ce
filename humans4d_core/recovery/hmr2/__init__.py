"""HMR 2.0: a vision transformer that turns a person's crop into SMPL parameters."""

from ..crops.person_crops import crop_people
from .checkpoint import load_checkpoint
from .checkpoint_search import find_checkpoint
from .hmr2_config import Hmr2Config
from .hmr2_model import Hmr2

__all__ = [
    "Hmr2",
    "Hmr2Config",
    "NetworkOutput",
    "crop_people",
    "find_checkpoint",
    "load_checkpoint",
]
