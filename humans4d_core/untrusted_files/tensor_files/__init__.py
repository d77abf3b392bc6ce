"""Files of networks' weights, read as data: nothing that they name is imported or run."""

from .network_checks import check_network
from .safetensors_file import write_safetensors
from .tensor_file import StoredTensor, TensorFile, contiguous_strides
from .tensor_names import some_of
from .weights_opening import open_weights

__all__ = [
    "StoredTensor",
    "TensorFile",
    "check_network",
    "contiguous_strides",
    "open_weights",
    "some_of",
    "write_safetensors",
]
