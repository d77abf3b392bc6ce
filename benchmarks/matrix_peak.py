"""How many operations a second this machine does on one large matrix product, by precision.

    python benchmarks/matrix_peak.py [--device cuda]

The product is square and its sides are large enough that memory does not count. The peak is that
of the fastest of some products, because whatever disturbs a measurement makes it slower. On a CPU,
float32 products are MKL's or oneDNN's, whichever is faster there: MKL is slow on AMD's processors.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import nullcontext

import torch

from humans4d_core.recovery.hmr2.engines.torch_cpu import onednn_products, product_speeds

SIDE = {"cpu": 2048, "cuda": 8192}
REPEATS = 20
# Few CPUs multiply in float16, and no engine for CPUs uses it.
PRECISIONS = {"cpu": ("fp32", "bf16", "int8"), "cuda": ("fp32", "bf16", "fp16", "int8")}
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def matrix_peaks(device: torch.device, side: int | None = None) -> dict[str, float]:
    """Operations a second by precision; a precision that PyTorch lacks here is left out.

    fp32 is true float32: TF32, which rounds the factors to 10 bits, stays off.
    """
    side = side or SIDE[device.type]
    use_onednn = device.type == "cpu" and product_speeds().onednn_is_best
    peaks = {}
    for precision in PRECISIONS[device.type]:
        try:
            product = _product(precision, side, device)
            with onednn_products() if use_onednn else nullcontext():
                seconds = _fastest(product, REPEATS, device)
        except (RuntimeError, AttributeError) as error:
            print(f"matrix peak of {precision} left out: {str(error).splitlines()[0]}")
        else:
            peaks[precision] = 2 * side**3 / seconds
    return peaks


def _product(precision: str, side: int, device: torch.device) -> Callable[[], torch.Tensor]:
    if precision == "int8":
        a = torch.randint(-127, 128, (side, side), dtype=torch.int8, device=device)
        b = a.clone().t()  # the layout that integer products of CUDA ask for
        return lambda: torch._int_mm(a, b)
    a = torch.randn(side, side, device=device).to(DTYPES[precision])
    return lambda: a @ a


def _fastest(call: Callable[[], torch.Tensor], repeats: int, device: torch.device) -> float:
    times = []
    for _ in range(repeats + 1):
        wait(device)
        start = time.perf_counter()
        call()
        wait(device)
        times.append(time.perf_counter() - start)
    return min(times[1:])


def wait(device: torch.device) -> None:
    """Until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    for precision, peak in matrix_peaks(torch.device(parser.parse_args().device)).items():
        print(f"{precision}: {peak / 1e12:.3g} tera-operations a second")


if __name__ == "__main__":
    main()
