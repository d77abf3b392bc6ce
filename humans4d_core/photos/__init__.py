"""Photographs: every image by itself, everybody who is found, no tracks.

images -> detect -> recover, in batches -> place -> everybody -> pictures, parameters, meshes, page
"""

from .everybody import photo_pipeline
from .mesh_files import check_format
from .photo_batches import people_of_photos
from .photo_page import write_page
from .photo_results import PhotoResult, write_photo
from .photo_source import PhotoSource

__all__ = [
    "PhotoResult",
    "PhotoSource",
    "check_format",
    "people_of_photos",
    "photo_pipeline",
    "write_page",
    "write_photo",
]
