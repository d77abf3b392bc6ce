"""Meshes over images: z-buffer, visibility of vertices, overlay of tracked people."""

from .colors import id_color
from .overlay import draw_overlay
from .visibility import visible_vertices
from .warm_up import warm_up
from .z_buffer import ZBuffer, render

__all__ = ["ZBuffer", "draw_overlay", "id_color", "render", "visible_vertices", "warm_up"]
