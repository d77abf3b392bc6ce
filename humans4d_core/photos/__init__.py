"""Photographs: every image by itself, everybody who is found, no tracks.

image -> detect -> recover -> place -> everybody -> pictures, parameters, meshes, one page
"""

from .everybody import photo_pipeline
from .mesh_files import check_format
from .photo_page import write_page
from .photo_results import PhotoResult, write_photo

__all__ = ["PhotoResult", "check_format", "photo_pipeline", "write_page", "write_photo"]
