"""Fast execution of HMR 2.0 behind one protocol.

`choose_engine` takes the best of: PyTorch on a GPU (CUDA graphs, half precision), PyTorch or
OpenVINO on the CPU. onnxruntime (8 bits) and TensorRT are there for the asking.
"""

from .base import Engine
from .choose import EngineChoice, EngineRequest, choose_engine
from .frame import FrameBodies, FramePredictor

__all__ = [
    "Engine",
    "EngineChoice",
    "EngineRequest",
    "FrameBodies",
    "FramePredictor",
    "choose_engine",
]
