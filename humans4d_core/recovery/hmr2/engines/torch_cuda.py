"""PyTorch on an NVIDIA GPU: one CUDA graph a batch size, so that the CPU launches one thing.

A person at a time the network is some 500 small kernels, whose launches alone take longer than
they run. A graph is recorded for some numbers of people; others run in the next larger one.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Sequence

import torch

from ....body.body_module import BodyOutput
from ....errors import Humans4dError
from ...engines import NetworkOutput
from ...engines.engine import CROP_SHAPE, BatchedEngine, is_out_of_memory
from ..hmr2_model import Hmr2
from ..reduced_precision import FastNetwork, PatchProducts
from ..token_reduction import TokenReduction

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

#: People for whom there is a graph each.
GRAPH_BATCHES = (1, 2, 4, 8, 16)

# Kernels are loaded and chosen, and workspaces made, before recording: torch asks for a few runs.
_RUNS_BEFORE_RECORDING = 3

# torch records one graph at a time in a process.
_recording = threading.Lock()

_log = logging.getLogger(__name__)

Step = Callable[[torch.Tensor, bool], tuple[NetworkOutput, BodyOutput | None]]


class TorchCudaEngine(BatchedEngine):
    """HMR 2.0 in PyTorch on a GPU, as recorded CUDA graphs."""

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
        self._scratch = Scratch(device) if use_graphs else None
        self._graphs: dict[tuple[int, bool], RecordedStep] = {}
        try:
            # Rounded first: half as much travels.
            network = FastNetwork(model, DTYPES[precision], reduction, patches=PatchProducts)
            network = network.to(device)
            body = None if model.body is None else copy.deepcopy(model.body).to(device)
        except torch.cuda.OutOfMemoryError:
            raise Humans4dError(
                f"the memory of {device} does not hold the network's weights in {precision}: close "
                "what else uses it, take a lower precision, or --device cpu"
            ) from None
        super().__init__("torch", precision, device, network, body, GRAPH_BATCHES[-1])

    def warm_up(self, batch_sizes: Sequence[int] = GRAPH_BATCHES) -> None:
        """Record graphs with bodies for these numbers of people: a second or so each."""
        # The largest first: the others fit into its scratch, and what cannot be had is known.
        super().warm_up(sorted(batch_sizes, reverse=True))

    def _step(
        self, images: torch.Tensor, with_bodies: bool
    ) -> tuple[NetworkOutput, BodyOutput | None]:
        if self._scratch is None:
            return super()._step(images, with_bodies)
        size = min(size for size in GRAPH_BATCHES if size >= len(images))
        # Where memory ran short, what is above the largest batch is never recorded.
        size = min(size, self.max_batch)
        graph = self._graphs.get((size, with_bodies))
        if graph is None:
            try:
                graph = RecordedStep(super()._step, size, with_bodies, self._scratch)
            except RuntimeError as error:
                if is_out_of_memory(error):
                    raise
                self._give_up_graphs(error)
                return super()._step(images, with_bodies)
            self._graphs[size, with_bodies] = graph
        return graph(images)

    def _give_up_graphs(self, error: RuntimeError) -> None:
        """Slower beats not at all: a driver or another library may forbid to record."""
        reason = str(error).strip().partition("\n")[0]
        _log.warning(
            "CUDA graphs cannot be recorded (%s): kernels are launched one by one, which is slower",
            reason,
        )
        self.free_memory()
        self._scratch = None

    def free_memory(self) -> bool:
        """Give back memory that is only kept for speed, the graphs; whether there were any."""
        had_graphs = bool(self._graphs)
        if self._scratch is not None:
            self._scratch.wait()  # none of them may be running
            self._graphs.clear()
            self._scratch = Scratch(self.device)  # the old one dies with its graphs
        super().free_memory()
        return had_graphs


class Scratch:
    """The memory that an engine's graphs share, and the stream that they are recorded on.

    They can share it, as they never run at once and nobody reads what one has left there: their
    inputs stand elsewhere, and the outputs that a graph holds on to are not given to the next.
    torch reuses memory only within one stream, hence the same one for all.
    """

    def __init__(self, device: torch.device):
        self.device = device
        self.stream = torch.cuda.Stream(device)
        self.pool = torch.cuda.graph_pool_handle()

    def wait(self) -> None:
        """Until the device has nothing left to do."""
        torch.cuda.synchronize(self.device)


class RecordedStep:
    """A step on a fixed number of people as one CUDA graph."""

    def __init__(self, step: Step, size: int, with_bodies: bool, scratch: Scratch):
        self.images = torch.zeros((size, *CROP_SHAPE), device=scratch.device)
        with _recording, torch.cuda.device(scratch.device):
            stream = scratch.stream
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                for _ in range(_RUNS_BEFORE_RECORDING):
                    step(self.images, with_bodies)
            graph = torch.cuda.CUDAGraph()
            # Other threads may go on using the GPU meanwhile.
            with torch.cuda.graph(
                graph, pool=scratch.pool, stream=stream, capture_error_mode="thread_local"
            ):
                self.outputs = step(self.images, with_bodies)
            torch.cuda.current_stream().wait_stream(stream)
        self.replay = graph.replay

    def __call__(self, images: torch.Tensor) -> tuple[NetworkOutput, BodyOutput | None]:
        """The step on `images` (N, 3, 256, 256), N up to the recorded number of people."""
        count = len(images)
        # What stands in the other rows is computed too, and thrown away.
        self.images[:count].copy_(images, non_blocking=True)
        self.replay()
        output, bodies = self.outputs
        # The next replay writes over the graph's own results.
        return _first(output, count), None if bodies is None else _first(bodies, count)


def _first(tensors: NetworkOutput | BodyOutput, count: int):
    return type(tensors)(*(None if t is None else t[:count].clone() for t in tensors))
