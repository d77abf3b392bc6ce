"""Running a network that looks at one crop a person: batches, memory, devices, exactness."""

from .engine import BatchedEngine, Engine, NetworkOutput

__all__ = ["BatchedEngine", "Engine", "NetworkOutput"]
