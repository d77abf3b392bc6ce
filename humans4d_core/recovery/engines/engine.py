"""What every engine does: take crops, give bodies, whatever runs underneath."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import torch

from ...body.body_module import BodyModule, BodyOutput
from ...errors import Humans4dError
from ...geometry import CROP_SIZE

CROP_SHAPE = (3, CROP_SIZE, CROP_SIZE)
#: float32 of one person each, by field of NetworkOutput; betas are as many as the body has.
OUTPUT_SHAPES = ((1, 3, 3), (23, 3, 3), (10,), (3,))

#: How cuBLAS and cuDNN, the driver, and onnxruntime say that a GPU's memory ran out.
_OUT_OF_MEMORY = ("ALLOC_FAILED", "out of memory", "Failed to allocate memory")

_log = logging.getLogger(__name__)


class NetworkOutput(NamedTuple):
    """SMPL parameters and the weak camera of the crop, of N people: what networks that look at one
    crop a person put out."""

    global_orient: torch.Tensor  #: (N, 1, 3, 3) rotation of the root in the camera's frame
    body_pose: torch.Tensor  #: (N, 23, 3, 3) rotations relative to the parent joint
    betas: torch.Tensor  #: (N, B)
    camera: torch.Tensor  #: (N, 3): scale, x, y


class Engine(Protocol):
    """Runs the network. Results are float32, on `device`, in the order of the crops."""

    name: str  #: "torch", "openvino", ...
    precision: str  #: of the matrix products: "fp32", "bf16", "fp16" or "int8"
    device: torch.device
    body: BodyModule | None

    def run(self, images: torch.Tensor) -> NetworkOutput:
        """Normalised RGB crops (N, 3, 256, 256), on any device -> SMPL parameters."""
        ...

    def run_bodies(self, images: torch.Tensor) -> tuple[NetworkOutput, BodyOutput | None]:
        """`run`, and the bodies of those parameters; None where the engine has no body model."""
        ...

    def warm_up(self, batch_sizes: Sequence[int] = ...) -> None:
        """Do now what the first run of these numbers of people would wait for.

        By default those that this engine prepares anything for.
        """
        ...

    def free_memory(self) -> bool:
        """Give back memory that is only kept for speed; whether there was any."""
        ...


class BatchedEngine:
    """An `Engine` around a function of one batch; large batches are split.

    Where the device's memory runs out the batch is halved, for good, and run again. At one person
    Humans4dError tells the user.
    """

    def __init__(
        self,
        name: str,
        precision: str,
        device: torch.device,
        network: Callable[[torch.Tensor], NetworkOutput],
        body: BodyModule | None,
        max_batch: int,
    ):
        self.name, self.precision, self.device = name, precision, device
        self.network, self.body, self.max_batch = network, body, max_batch
        nobody = (torch.empty((0, *shape), device=device) for shape in OUTPUT_SHAPES)
        self._nobody = NetworkOutput(*nobody)
        self._no_bodies = self._bodies(self._nobody)

    def run(self, images: torch.Tensor) -> NetworkOutput:
        """Normalised RGB crops (N, 3, 256, 256), on any device -> SMPL parameters."""
        return self._in_batches(images, False)[0]

    def run_bodies(self, images: torch.Tensor) -> tuple[NetworkOutput, BodyOutput | None]:
        """`run`, and the bodies of those parameters; None where the engine has no body model."""
        return self._in_batches(images, True)

    def warm_up(self, batch_sizes: Sequence[int] = (1,)) -> None:
        """Do now what the first run of these numbers of people would wait for."""
        for size in batch_sizes:
            self.run_bodies(torch.zeros((size, *CROP_SHAPE), device=self.device))

    def _step(
        self, images: torch.Tensor, with_bodies: bool
    ) -> tuple[NetworkOutput, BodyOutput | None]:
        """One batch, of one person or more, on the device."""
        output = self.network(images)
        return output, self._bodies(output) if with_bodies else None

    def _bodies(self, output: NetworkOutput) -> BodyOutput | None:
        if self.body is None:
            return None
        return self.body(output.global_orient, output.body_pose, output.betas)

    @torch.no_grad()
    def _in_batches(
        self, images: torch.Tensor, with_bodies: bool
    ) -> tuple[NetworkOutput, BodyOutput | None]:
        if images.ndim != 4 or images.shape[1:] != CROP_SHAPE:
            raise ValueError(f"crops have shape {tuple(images.shape)}: expected (N, 3, 256, 256)")
        if not len(images):
            return self._nobody, self._no_bodies if with_bodies else None
        results, done, is_last_try = [], 0, False
        while done < len(images):
            part = images[done : done + self.max_batch]
            try:
                part = part.to(self.device, torch.float32, non_blocking=True)
                results.append(self._step(part, with_bodies))
                done += len(part)
                continue
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
            # Out here the error, which holds on to the tensors of the failed batch, is gone.
            has_freed = self.free_memory()
            if len(part) == 1 and (is_last_try or not has_freed):
                raise Humans4dError(
                    f"the memory of {self.device} does not hold the network at work on one person: "
                    "close what else uses it, take a lower precision, or --device cpu"
                )
            is_last_try = len(part) == 1
            self.max_batch = max(1, len(part) // 2)
            _log.warning(
                "the memory of %s ran out with %d people at once: %d from now on",
                self.device, len(part), self.max_batch,
            )  # fmt: skip
        outputs, bodies = zip(*results, strict=True)
        return _joined(outputs), None if bodies[0] is None else _joined(bodies)

    def free_memory(self) -> bool:
        """Give back memory that is only kept for speed; whether there was any."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        return False  # torch has tried that by itself before it gave up


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether a GPU's memory ran out, here or in what the error was raised on top of."""
    while error is not None:
        if isinstance(error, torch.cuda.OutOfMemoryError):
            return True
        if any(words in str(error) for words in _OUT_OF_MEMORY):
            return True
        error = error.__context__
    return False


def _joined(parts: Sequence[tuple]):
    """Named tuples of tensors, or None, of consecutive batches -> one of all people."""
    if len(parts) == 1:
        return parts[0]
    columns = zip(*parts, strict=True)
    kind: Any = type(parts[0])
    return kind(*(None if c[0] is None else torch.cat(c) for c in columns))
