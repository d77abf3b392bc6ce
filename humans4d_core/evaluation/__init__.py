"""How good is it: pose metrics."""

from .pose_metrics import landing_error, mpjpe, pa_mpjpe, procrustes_align

__all__ = ["landing_error", "mpjpe", "pa_mpjpe", "procrustes_align"]
