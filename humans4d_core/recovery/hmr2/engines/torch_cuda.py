"""PyTorch on an NVIDIA GPU: one CUDA graph a batch size, so that the CPU launches one thing.

A person at a time the network is some 500 small kernels, whose launches alone take longer than
they run. A graph is recorded for some numbers of people; others run in the next larger one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch

from ....body import BodyOutput
from ....errors import Humans4dError
from ..model import Hmr2, Hmr2Output
from ..token_reduction import TokenReduction
from .base import CROP_SHAPE, BatchedEngine
from .network import FastNetwork

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

#: People for whom there is a graph each.
GRAPH_BATCHES = (1, 2, 4, 8, 16)

# Kernels are chosen and workspaces made before recording: torch asks for a few runs.
_RUNS_BEFORE_RECORDING = 3

Step = Callable[[torch.Tensor, bool], tuple[Hmr2Output, BodyOutput | None]]


class TorchCudaEngine(BatchedEngine):
    def __init__(
        self,
        model: Hmr2,
        precision: str = "fp16",
        device: torch.device | str = "cuda",
        reduction: TokenReduction | None = None,
        use_graphs: bool = True,
    ):
        """precision: "fp32", "bf16" or "fp16". reduction: None keeps all tokens. use_graphs: False
        launches each kernel, which a device without CUDA can do too.

        Raises Humans4dError where the GPU's memory does not hold the weights.
        """
        device = torch.device(device)
        self.use_graphs = use_graphs
        self._graphs: dict[tuple[int, bool], RecordedStep] = {}
        # Graphs never run at once, and their results are copied: they can share their scratch.
        self._pool = torch.cuda.graph_pool_handle() if use_graphs else None
        try:
            # Rounded first: half as much travels.
            network = FastNetwork(model, DTYPES[precision], reduction).to(device)
            body = None if model.body is None else copy.deepcopy(model.body).to(device)
        except torch.cuda.OutOfMemoryError:
            raise Humans4dError(
                f"the memory of {device} does not hold the network's weights in {precision}: close "
                "what else uses it, take a lower precision, or --device cpu"
            ) from None
        super().__init__("torch", precision, device, network, body, GRAPH_BATCHES[-1])

    def warm_up(self, batch_sizes: Sequence[int] = GRAPH_BATCHES) -> None:
        """Record graphs with bodies for these numbers of people: a second or so each."""
        super().warm_up(batch_sizes)

    def _step(
        self, images: torch.Tensor, with_bodies: bool
    ) -> tuple[Hmr2Output, BodyOutput | None]:
        if not self.use_graphs:
            return super()._step(images, with_bodies)
        size = min(size for size in GRAPH_BATCHES if size >= len(images))
        # Where memory ran short, what is above the largest batch is never recorded.
        size = min(size, self.max_batch)
        graph = self._graphs.get((size, with_bodies))
        if graph is None:
            graph = self._record(size, with_bodies)
            self._graphs[size, with_bodies] = graph
        return graph(images)

    def _record(self, size: int, with_bodies: bool) -> RecordedStep:
        return RecordedStep(super()._step, size, with_bodies, self.device, self._pool)

    def _release(self) -> None:
        self._graphs.clear()
        if self.use_graphs:
            self._pool = torch.cuda.graph_pool_handle()  # the old one dies with its graphs
        super()._release()


class RecordedStep:
    """A step on a fixed number of people as one CUDA graph."""

    def __init__(self, step: Step, size: int, with_bodies: bool, device: torch.device, pool):
        self.images = torch.zeros((size, *CROP_SHAPE), device=device)
        with torch.cuda.device(device):
            self.replay, self.outputs = self._record(step, with_bodies, pool)

    def _record(self, step: Step, with_bodies: bool, pool):
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(_RUNS_BEFORE_RECORDING):
                step(self.images, with_bodies)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # Other threads may go on using the GPU meanwhile.
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            outputs = step(self.images, with_bodies)
        return graph.replay, outputs

    def __call__(self, images: torch.Tensor) -> tuple[Hmr2Output, BodyOutput | None]:
        """The step on `images` (N, 3, 256, 256), N up to the recorded number of people."""
        count = len(images)
        # What stands in the other rows is computed too, and thrown away.
        self.images[:count].copy_(images, non_blocking=True)
        self.replay()
        output, bodies = self.outputs
        # The next replay writes over the graph's own results.
        return _first(output, count), None if bodies is None else _first(bodies, count)


def _first(tensors: Hmr2Output | BodyOutput, count: int):
    return type(tensors)(*(None if t is None else t[:count].clone() for t in tensors))
