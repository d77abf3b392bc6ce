"""What is true of a clip, in the formats that users have it in."""

from .truth import Place, Truth
from .truth_options import TruthOptions
from .truth_reading import FORMATS, read_truth

__all__ = ["FORMATS", "Place", "Truth", "TruthOptions", "read_truth"]
