"""Tracking and metres on a car that drives: KITTI's tracking labels, seen by an invented detector.

    python benchmarks/kitti_labels.py KITTI_DIR [--seeds 3]
    python benchmarks/kitti_labels.py KITTI_DIR --write OUT_DIR

--write leaves the boxes of the first seed as sequences without images and prints the words that
`humans4d evaluate run` scores them with.

KITTI_DIR holds label_02/*.txt and calib/*.txt. All sequences with 60 pedestrians or more. What the
detector says of a true box: nothing below 25 px of height; else the person is found with chance
.95, .85 or .5 (KITTI's occlusion 0, 1, 2 and above), and spells of misses last for .3 s on average;
edges are off by 5 % of the height (of which half lasts); scores are .35 to 1, higher for large and
plain people. One false box on ten people, of a random size, seen for .3 s on average, with scores
from .2 to .6. No image, no poses. Ours and the peers get the same boxes.

Positions: the pelvis against the label's 3D box, on the ground. "inside": share of errors within
the 95 % ellipse of the published covariance.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from humans4d_core.config import PipelineConfig
from humans4d_core.evaluation.association.published_rows import box_pipeline
from humans4d_core.evaluation.association.sequence_scores import mean_row, sequence_scores
from humans4d_core.evaluation.association.sequences import BoxSequence
from humans4d_core.evaluation.ground_positions import ELLIPSE_95, mahalanobis
from humans4d_core.evaluation.mot_tables import box_rows
from humans4d_core.geometry.boxes import iou
from humans4d_core.io.results.mot_files import MotBoxes
from humans4d_core.types import Camera, Detections, Frame, TrackState

RATE, SIZE = 10.0, (1242, 375)
FEWEST, LEAST_HEIGHT = 60, 25.0
FOUND = np.array((0.95, 0.85, 0.5, 0.5))
SPELL = 0.3  # s
EDGE, FALSE_SHARE = 0.05, 0.1
BANDS = ((0, 10), (10, 20), (20, 40))


def read_labels(path: Path) -> np.ndarray:
    """(R, 11): frame, id, counts (1) or not, occlusion, x0, y0, x1, y1 px, x, y, z m."""
    rows = []
    for line in path.read_text().splitlines():
        words = line.split()
        kind = words[2]
        if kind not in ("Pedestrian", "Person", "Person_sitting"):
            continue
        box, place = map(float, words[6:10]), map(float, words[13:16])
        occlusion = min(max(int(words[4]), 0), 3)
        rows.append([int(words[0]) + 1, int(words[1]) + 1, kind == "Pedestrian", occlusion,
                     *box, *place])  # fmt: skip
    return np.array(rows, float).reshape(-1, 11)


def read_camera(path: Path) -> tuple[Camera, np.ndarray]:
    """The left colour camera, and (3,) m from it to the one that the labels are relative to."""
    words = next(line for line in path.read_text().splitlines() if line.startswith("P2:")).split()
    matrix = np.array(words[1:13], float).reshape(3, 4)
    camera = Camera(matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2], *SIZE)
    return camera, np.linalg.solve(matrix[:, :3], matrix[:, 3])


def chain(rng: np.random.Generator, count: int, share: float) -> np.ndarray:
    """(count,) bool: true for `share` of the time, false for SPELL on average."""
    back = 1 / max(SPELL * RATE, 1.0)
    leave = min(back * (1 - share) / share, 1.0)
    state, states = rng.random() < share, []
    for _ in range(count):
        states.append(state)
        state = rng.random() > leave if state else rng.random() < back
    return np.array(states)


def detected(labels: np.ndarray, num_frames: int, rng: np.random.Generator) -> MotBoxes:
    parts: list[tuple[int, np.ndarray, float]] = []
    for person in np.unique(labels[:, 1]):
        rows = labels[labels[:, 1] == person]
        rows = rows[np.argsort(rows[:, 0])]
        lasting = rng.normal(0, EDGE / 2**0.5, 4)
        states = np.stack([chain(rng, len(rows), share) for share in FOUND])
        for k, row in enumerate(rows):
            height = row[7] - row[5]
            if height < LEAST_HEIGHT or not states[int(row[3]), k]:
                continue
            box = row[4:8] + height * (lasting + rng.normal(0, EDGE / 2**0.5, 4))
            box = np.clip(box, 0, (*SIZE, *SIZE))
            plain = 0.9 - 0.15 * row[3] - 0.15 * (height < 60)
            parts.append((int(row[0]), box, np.clip(rng.normal(plain, 0.1), 0.35, 1.0)))
    false_rate = FALSE_SHARE * len(labels) / num_frames
    for first in np.flatnonzero(rng.random(num_frames) < false_rate / (SPELL * RATE)):
        height = np.exp(rng.uniform(np.log(30), np.log(200)))
        x, y = rng.uniform(0, SIZE[0]), rng.uniform(150, 250)
        for frame in range(first, min(first + 1 + rng.geometric(1 / (SPELL * RATE)), num_frames)):
            box = np.array((x - 0.2 * height, y - height / 2, x + 0.2 * height, y + height / 2))
            box = np.clip(box + rng.normal(0, EDGE * height, 4), 0, (*SIZE, *SIZE))
            if (box[2:] - box[:2]).min() > 2:
                parts.append((frame + 1, box, rng.uniform(0.2, 0.6)))
    frames = {}
    for number in range(1, num_frames + 1):
        some = [(box, score) for frame, box, score in parts if frame == number]
        if some:
            boxes, scores = (np.array(each, np.float32) for each in zip(*some, strict=True))
            frames[number] = Detections(boxes, scores)
    return MotBoxes(frames, len(parts), 0)


def positions(sequence: BoxSequence, labels: np.ndarray) -> np.ndarray:
    """(K, 4): true distance, error along and across the ray m, squared Mahalanobis distance."""
    pipeline, found = box_pipeline(PipelineConfig()), []
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for number in range(1, sequence.num_frames + 1):
        frame = Frame(image, sequence.stamp_ns(number), sequence.camera, number=number)
        people = pipeline.process(frame, sequence.detections[number]).people
        people = people.select(people.states == TrackState.CONFIRMED)
        there = labels[labels[:, 0] == number]
        if not len(people) or not len(there):
            continue
        overlap = iou(people.bodies.boxes_px, there[:, 4:8])
        for i, j in zip(range(len(people)), overlap.argmax(1), strict=True):
            if overlap[i, j] < 0.5 or there[j, 10] < 1:
                continue
            true = there[j, [8, 10]]
            error = people.bodies.pelvis_cam[i, [0, 2]].astype(float) - true
            covariance = people.position_covariance_cam[i][np.ix_([0, 2], [0, 2])].astype(float)
            ray = true / np.linalg.norm(true)
            along, across = error @ ray, error @ (-ray[1], ray[0])
            doubt = mahalanobis(error[None], covariance[None])[0]
            found.append((np.linalg.norm(true), along, across, doubt))
    return np.array(found).reshape(-1, 4)


def write(folder: Path, output: Path) -> None:
    """Sequences in MOT Challenge's layout, without images, of the first seed."""
    words, camera = [], None
    for path in sorted((folder / "label_02").glob("*.txt")):
        labels = read_labels(path)
        if len(labels) < FEWEST:
            continue
        camera, _ = read_camera(folder / "calib" / path.name)
        num_frames = int(labels[:, 0].max())
        boxes = detected(labels, num_frames, np.random.default_rng((0, int(path.stem))))
        place = output / path.stem
        (place / "det").mkdir(parents=True)
        lines = [
            f"{frame},-1,{x0:.2f},{y0:.2f},{x1 - x0:.2f},{y1 - y0:.2f},{score:.4f},-1,-1,-1\n"
            for frame, found in boxes.frames.items()
            for (x0, y0, x1, y1), score in zip(found.boxes_px, found.scores, strict=True)
        ]
        (place / "det" / "det.txt").write_text("".join(lines))
        (place / "seqinfo.ini").write_text(
            f"[Sequence]\nframeRate={RATE:g}\nseqLength={num_frames}\n"
            f"imWidth={SIZE[0]}\nimHeight={SIZE[1]}\nfocalLength={camera.fx:g}\n"
        )
        words.append(f"--truth {path}")
    assert camera is not None
    print(output, *words, f"--intrinsics {camera.fx:g},{camera.fy:g},{camera.cx:g},{camera.cy:g}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    if options.write:
        write(options.folder, options.write)
        return
    rows: dict[str, list] = {}
    errors = []
    for path in sorted((options.folder / "label_02").glob("*.txt")):
        labels = read_labels(path)
        if len(labels) < FEWEST:
            continue
        camera, offset = read_camera(options.folder / "calib" / path.name)
        labels[:, 8:11] += offset
        num_frames = int(labels[:, 0].max())
        rows_of_boxes = box_rows(labels[:, 0], labels[:, 1], labels[:, 4:8])
        truth = np.column_stack((rows_of_boxes, labels[:, 2], np.ones(len(labels))))
        for seed in range(options.seeds):
            rng = np.random.default_rng((seed, int(path.stem)))
            boxes = detected(labels, num_frames, rng)
            sequence = BoxSequence(path.stem, boxes, truth, num_frames, RATE, camera, ())
            for name, row in sequence_scores(sequence).items():
                rows.setdefault(name, []).append(row)
            errors.append(positions(sequence, labels))
    sequences = len(errors) // options.seeds
    print(f"{sequences} sequences, {options.seeds} seeds each; means")
    for name, each in rows.items():
        mean = mean_row(each)
        wanted = ("HOTA", "DetA", "AssA", "MOTA", "IDF1", "switches", "handovers")
        print(f"{name:12s}" + "".join(f"  {key} {mean[key]:5.1f}" for key in wanted))
    everything = np.concatenate(errors)
    for low, high in (*BANDS, (0, np.inf)):
        some = everything[(everything[:, 0] >= low) & (everything[:, 0] < high)]
        along, across = np.abs(some[:, 1]), np.abs(some[:, 2])
        print(
            f"{low:3.0f} to {high:3.0f} m: {len(some):6d} bodies, error along the ray median "
            f"{np.median(along):.2f} p95 {np.percentile(along, 95):.2f} m "
            f"(mean {some[:, 1].mean():+.2f}), across {np.median(across):.2f} "
            f"{np.percentile(across, 95):.2f}, inside {np.mean(some[:, 3] < ELLIPSE_95):.0%}"
        )


if __name__ == "__main__":
    main()
