"""Write tests/data/embedded_models.npz: what independent runs of the published models answer.

The detectors' references come from a float32 ONNX conversion of the whole published graph
(decoding included; MoveNet with 20 people), BlazePose's from the published file run by
`ai-edge-litert`. Their inputs are stored with them.

    python tools/assets/reference_outputs.py drawing.png nanodet_g_416.onnx \
        movenet_multipose20_384x512.onnx pose_landmark_full.tflite tests/data/embedded_models.npz
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from build_detectors import NANODET_BINS, NANODET_MEAN, NANODET_STD

CELLS = (2704, 676, 169)  #: of a 416x416 image on the strides 8, 16, 32
BEST = 20


def nanodet(path: str, image: np.ndarray) -> dict[str, np.ndarray]:
    """Scores of the best cells, their indices and their bins (4, 11, BEST)."""
    planes = ((image - NANODET_MEAN) / NANODET_STD).transpose(2, 0, 1)[None]
    outputs = onnxruntime.InferenceSession(path).run(None, {"input_1": planes})
    by_shape = {output.shape[1:]: output[0] for output in outputs}
    scores = np.concatenate([by_shape[n, 80][:, 0] for n in CELLS])
    bins = np.concatenate([by_shape[n, 4 * NANODET_BINS] for n in CELLS])
    best = np.argsort(-scores)[:BEST]
    bins = bins[best].T.reshape(4, NANODET_BINS, BEST)
    return {"cells": best, "scores": scores[best], "bins": bins}


def movenet(path: str, image: np.ndarray) -> dict[str, np.ndarray]:
    """The 20 boxes x_min, y_min, x_max, y_max in pixels, most probable centre first."""
    height, width = image.shape[:2]
    people = onnxruntime.InferenceSession(path).run(
        None, {"input": image[None, :, :, ::-1].astype(np.int32)}
    )[0][0]
    return {"boxes": people[:, [52, 51, 54, 53]] * np.float32([width, height, width, height])}


def blazepose(path: str, image: np.ndarray) -> dict[str, np.ndarray]:
    """Landmarks (39, 5), world landmarks (39, 3), presence (1,), an eighth of the heat maps."""
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    values = image[None, :, :, ::-1].astype(np.float32) / 255
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], values)
    interpreter.invoke()
    by_size = {
        int(np.prod(d["shape"])): interpreter.get_tensor(d["index"])
        for d in interpreter.get_output_details()
    }
    return {
        "landmarks": by_size[195].reshape(39, 5),
        "world_landmarks": by_size[117].reshape(39, 3),
        "presence": by_size[1].ravel(),
        "heatmap": by_size[64 * 64 * 39].reshape(64, 64, 39)[::8, ::8].transpose(2, 0, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("image", "nanodet", "movenet", "blazepose", "target"):
        parser.add_argument(name)
    arguments = parser.parse_args()
    image = cv2.imread(arguments.image)
    arrays = {}
    for name, run, size in (
        ("nanodet", nanodet, (416, 416)),
        ("movenet", movenet, (512, 384)),
        ("blazepose", blazepose, (256, 256)),
    ):
        resized = cv2.resize(image, size)
        outputs = run(getattr(arguments, name), resized)
        arrays |= {f"{name}_image": resized} | {f"{name}_{k}": v for k, v in outputs.items()}
    np.savez_compressed(arguments.target, **arrays)


if __name__ == "__main__":
    main()
