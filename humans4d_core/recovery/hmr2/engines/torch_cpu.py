"""PyTorch on the CPU, by the fastest of its public ways on this machine."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F

from ...engines import NetworkOutput
from ...engines.engine import BatchedEngine
from ..hmr2_model import Hmr2
from ..reduced_precision import FastNetwork, attention_by_products
from ..token_reduction import TokenReduction

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}

_MAX_BATCH = 8
# One matrix product of the network: tokens of a crop, width in, width out.
_PRODUCT = (192, 1280, 3840)
_REPEATS = 5
# Of the result's standard deviation; bfloat16 is 300 times further off.
_EXACT = 1e-5


class TorchCpuEngine(BatchedEngine):
    """HMR 2.0 in PyTorch on the processor."""

    def __init__(
        self, model: Hmr2, precision: str = "fp32", reduction: TokenReduction | None = None
    ):
        """precision: "fp32" or "bf16". reduction: None keeps all tokens."""
        self._network = FastNetwork(model, DTYPES[precision], reduction, attention_by_products)
        self.uses_onednn = precision == "fp32" and product_speeds().onednn_is_best
        body = None if model.body is None else copy.deepcopy(model.body).to("cpu")
        super().__init__("torch", precision, torch.device("cpu"), self._infer, body, _MAX_BATCH)

    def _infer(self, images: torch.Tensor) -> NetworkOutput:
        if not self.uses_onednn:
            return self._network(images)
        with onednn_products():
            return self._network(images)


class ProductSpeeds(NamedTuple):
    """Seconds of one matrix product; infinity where a way is closed on this machine."""

    plain: float  #: float32 as torch does it
    onednn: float  #: float32 by oneDNN
    bf16: float

    @property
    def onednn_is_best(self) -> bool:
        return self.onednn < self.plain

    @property
    def bf16_gain(self) -> float:
        """How many times faster than float32 bfloat16 is."""
        return min(self.plain, self.onednn) / self.bf16


@contextmanager
def onednn_products() -> Iterator[None]:
    """float32 matrix products go to oneDNN instead of MKL, which is slow on AMD's processors.

    What torch offers for it is the permission to round to bfloat16. Only processors with AMX make
    use of that; on others the products stay exact. `product_speeds` finds out which it is here.
    """
    setting = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = setting.fp32_precision
    setting.fp32_precision = "bf16"
    try:
        yield
    finally:
        setting.fp32_precision = before


@lru_cache
def product_speeds() -> ProductSpeeds:
    """Try one matrix product of the network every way: a tenth of a second."""
    generator = torch.Generator().manual_seed(0)
    rows, width_in, width_out = _PRODUCT
    x = torch.randn(rows, width_in, generator=generator)
    weight = torch.randn(width_out, width_in, generator=generator) / width_in**0.5
    exact = x.double() @ weight.double().T

    def product() -> torch.Tensor:
        return F.linear(x, weight)

    onednn = float("inf")
    if hasattr(getattr(torch.backends.mkldnn, "matmul", None), "fp32_precision"):
        with onednn_products():
            if (product() - exact).abs().max() < _EXACT * exact.std():
                onednn = _seconds(product)
    half = weight.bfloat16()
    return ProductSpeeds(_seconds(product), onednn, _seconds(lambda: F.linear(x.bfloat16(), half)))


def _seconds(function: Callable[[], object]) -> float:
    """The fastest of some runs: what else the machine does only adds to it."""
    times = []
    for _ in range(_REPEATS + 1):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times[1:])
