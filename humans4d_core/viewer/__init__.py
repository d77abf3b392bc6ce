"""The live view in the browser: what is seen, in 3D, while it happens and afterwards."""

from .live_view import LiveView, show_result
from .view_frame import ViewFrame, view_frame

__all__ = ["LiveView", "ViewFrame", "show_result", "view_frame"]
