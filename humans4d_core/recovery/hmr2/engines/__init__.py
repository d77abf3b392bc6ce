"""Fast execution of HMR 2.0 behind one protocol.

`choose_engine` takes the best of: PyTorch on a GPU (CUDA graphs, half precision), PyTorch or
OpenVINO on the CPU. onnxruntime (8 bits) and TensorRT are there for the asking.
"""

from .engine_choice import EngineChoice, EngineRequest, choose_engine

__all__ = ["EngineChoice", "EngineRequest", "choose_engine"]
