"""Files of networks' weights, read as data: nothing that they name is imported or run."""

from .checks import check_network
from .names import some_of
from .opening import open_weights
from .safetensors_file import write_safetensors
from .tensor_file import StoredTensor, TensorFile, contiguous_strides

__all__ = [
    "StoredTensor",
    "TensorFile",
    "check_network",
    "contiguous_strides",
    "open_weights",
    "some_of",
    "write_safetensors",
]
