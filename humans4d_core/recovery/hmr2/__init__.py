"""HMR 2.0: a vision transformer that turns a person's crop into SMPL parameters."""

from .checkpoint import load_checkpoint
from .config import Hmr2Config
from .crops import crop_people
from .finding import find_checkpoint
from .model import Hmr2, Hmr2Output

__all__ = ["Hmr2", "Hmr2Config", "Hmr2Output", "crop_people", "find_checkpoint", "load_checkpoint"]
