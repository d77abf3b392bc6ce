"""The human body as a mesh: SMPL-family models, their files, and the free one shipped here."""

from .body_data import BodyData, body_data
from .body_files import EMBEDDED_BODY, load_body, read_body_file
from .body_model import BodyModel, PosedBodies
from .surface import Surface

__all__ = [
    "EMBEDDED_BODY",
    "BodyData",
    "BodyModel",
    "PosedBodies",
    "Surface",
    "body_data",
    "load_body",
    "read_body_file",
]
