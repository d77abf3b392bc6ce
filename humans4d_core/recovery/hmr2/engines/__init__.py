"""Fast execution of HMR 2.0 behind one protocol.

`choose_engine` takes the best of: PyTorch on a GPU (CUDA graphs, half precision), PyTorch or
OpenVINO on the CPU. onnxruntime (8 bits, or TensorRT of an exported file) is there for the asking.
"""

from .base import Engine
from .choose import ENGINE_NAMES, PRECISION_NAMES, EngineChoice, choose_engine
from .frame import FrameBodies, FramePredictor

__all__ = [
    "ENGINE_NAMES",
    "PRECISION_NAMES",
    "Engine",
    "EngineChoice",
    "FrameBodies",
    "FramePredictor",
    "choose_engine",
]
