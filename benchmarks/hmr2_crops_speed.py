"""What do the crops for HMR 2.0 cost?

    python benchmarks/hmr2_crops_speed.py [--device cuda] [--repeats 20] [--json FILE]

Median milliseconds from a 1920x1080 image in the host's memory to normalised crops on the device,
turn by turn with the original's way: copy the image, blur it whole for each large box, warp, one
person after the other. Also the mean difference from it, in normalised units.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from humans4d_core.recovery.crops.device_crops import DeviceCropper
from humans4d_core.recovery.crops.person_crops import MEAN, STD, box_squares, crop_people

# Heights of people, px: above 563 px the original blurs the image.
SCENES = {
    "near": (650, 750, 1000, 700, 760),
    "far": (220, 300, 260, 410, 330),
    "one near": (900,),
    "eight near": (650, 750, 1000, 700, 760, 800, 620, 850),
}
WIDTH, HEIGHT = 1920, 1080


def people(heights: tuple[int, ...]) -> np.ndarray:
    """Boxes (N, 4) side by side, as high as they are, 0.4 times as wide."""
    height = np.array(heights, np.float64)
    middle = (np.arange(len(height)) + 0.5) * WIDTH / len(height)
    top = (HEIGHT - height) / 2
    half = 0.2 * height
    return np.stack((middle - half, top, middle + half, top + height), 1).astype(np.float32)


def original_way(image_bgr: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """(N, 3, 256, 256), written from the published description."""
    crops = []
    for center, size in zip(*box_squares(boxes), strict=True):
        image = image_bgr.copy()
        if size / 512 > 1.1:
            sigma = (size / 512 - 1) / 2
            image = gaussian_filter(image.astype(np.float64), (sigma, sigma, 0), mode="nearest")
        scale = 256 / size
        offset = 128 - scale * center
        matrix = np.array(((scale, 0, offset[0]), (0, scale, offset[1])))
        patch = cv2.warpAffine(image, matrix, (256, 256), flags=cv2.INTER_LINEAR)
        crops.append(((patch[..., ::-1] - MEAN) / STD).transpose(2, 0, 1).astype(np.float32))
    return np.stack(crops)


def median_ms(ways: dict[str, Callable], repeats: int, device: torch.device) -> dict[str, float]:
    """Each way in turn, so that all see the same state of the machine."""
    times = {name: [] for name in ways}
    for _ in range(2 + repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            times[name].append(1e3 * (time.perf_counter() - start))
    return {name: float(np.median(values[2:])) for name, values in times.items()}


def measure(image: np.ndarray, boxes: np.ndarray, repeats: int, device: torch.device) -> dict:
    batched = DeviceCropper(device)
    crops = {
        "original": lambda: original_way(image, boxes),
        "reference": lambda: crop_people(image, boxes).images,
        "batched": lambda: batched(image, boxes).images,
    }
    truth = original_way(image, boxes)
    differences = {
        name: float(np.abs(crops[name]().cpu().numpy() - truth).mean())
        for name in ("reference", "batched")
    }
    return {"ms": median_ms(crops, repeats, device), "mean_difference": differences}


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path, help="write the results here as well")
    arguments = parser.parse_args()

    device = torch.device(arguments.device)
    noise = np.random.default_rng(0).normal(size=(HEIGHT, WIDTH, 3))
    image = (128 + 127 * np.tanh(gaussian_filter(noise, (2, 2, 0)) * 5)).astype(np.uint8)
    print(f"median ms, batched on {device_name(device)}; times faster; mean difference")
    print("scene       people  original  reference              batched")
    scenes = {}
    for scene, heights in SCENES.items():
        row = measure(image, people(heights), arguments.repeats, device)
        scenes[scene] = {"heights_px": heights, **row}
        ms, difference = row["ms"], row["mean_difference"]
        cells = (
            f"{ms[way]:6.2f} {ms['original'] / ms[way]:5.1f}x {difference[way]:.5f}"
            for way in ("reference", "batched")
        )
        print(f"{scene:10}  {len(heights):6}  {ms['original']:8.1f}  ", "   ".join(cells))
    if arguments.json:
        report = {
            "device": device_name(device),
            "cores": os.cpu_count(),
            "load_average": round(os.getloadavg()[0], 1),
            "opencv": cv2.__version__,
            "torch": torch.__version__,
            "repeats": arguments.repeats,
            "scenes": scenes,
        }
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
