"""Where the checkout, the tests' own data and media beside the checkout are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
#: Real videos, motion and recordings: not committed; what needs them skips where they are missing.
SHARED = ROOT.parent / "shared"
