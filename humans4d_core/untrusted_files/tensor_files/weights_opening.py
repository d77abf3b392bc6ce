"""A file of weights, whichever of the two formats it has."""

from __future__ import annotations

from pathlib import Path

from ...errors import ModelFileError
from .. import open_regular
from .safetensors_file import index_safetensors, looks_like_safetensors
from .tensor_file import TensorFile
from .torch_archive import index_torch_archive

_ADVICE = "give the network's checkpoint, .safetensors or as torch.save writes it"


def open_weights(path: Path) -> TensorFile:
    """The index of a file's tensors; the content decides which kind of file it is.

    Raises ModelFileError for a file that is missing, damaged, or neither torch's nor safetensors.
    """
    file = open_regular(path, error=ModelFileError)
    try:
        start = file.read(9)
        if start.startswith(b"PK\x03\x04"):
            return index_torch_archive(path, file)
        if looks_like_safetensors(start):
            return index_safetensors(path, file)
        what = "is empty" if not start else "is neither a .safetensors nor torch's zip format"
        if start[:1] == b"\x80":
            what = "is a bare pickle, as torch has not written since 1.6; nothing in it was run"
        raise ModelFileError(f"{path} {what}: {_ADVICE}")
    except BaseException:
        file.close()
        raise
