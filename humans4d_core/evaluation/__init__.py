"""How good is it: pose metrics, tracking metrics, a simulated crowd with exact truth."""

from .mot_tables import read_table
from .pose_metrics import landing_error, mpjpe, pa_mpjpe, procrustes_align
from .tracking_metrics import TrackingScore, score_tracks

__all__ = [
    "TrackingScore",
    "landing_error",
    "mpjpe",
    "pa_mpjpe",
    "procrustes_align",
    "read_table",
    "score_tracks",
]
