"""What is true of a clip, in the formats that users have it in."""

from .truth import Truth
from .truth_options import TruthOptions
from .truth_reading import FORMATS, read_truth

__all__ = ["FORMATS", "Truth", "TruthOptions", "read_truth"]
