"""Triangle meshes as a camera sees them: z-buffer, and which vertices are visible."""

from .visibility import visible_vertices
from .z_buffer import ZBuffer, render

__all__ = ["ZBuffer", "render", "visible_vertices"]
