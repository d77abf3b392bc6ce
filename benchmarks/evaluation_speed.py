"""How long it takes to score an hour of tracks, and how much memory.

    python benchmarks/evaluation_speed.py [--minutes 60] [--rate 30] [--people 5]

People walk to and fro in front of a camera that stands; each is published with noise, is lost for
a second now and then, and gets another id after a minute. Truth: boxes, and places as another run
has them. What is timed: `humans4d evaluate score`'s work with the report, without pictures, since
there is no film. Beside it, TrackEval alone on the same boxes by its own reader of files.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from humans4d_core.evaluation.report.page import write_report
from humans4d_core.evaluation.results.evaluation_folder import Clip, EvaluationFolder, Plan
from humans4d_core.evaluation.results.image_table import ImageTableWriter
from humans4d_core.evaluation.results.people_table import PeopleTableWriter
from humans4d_core.evaluation.scores.scoring import score
from humans4d_core.evaluation.tracking_metrics import score_tracks
from humans4d_core.evaluation.truth import TruthOptions
from humans4d_core.types import Bodies, Camera, Forecast, Frame, People, TrackState

CAMERA = Camera(600.0, 600.0, 320.0, 240.0, 640, 480)
NOISE, ID_SECONDS, LOST_EVERY = 0.1, 60.0, 20.0


def places_at(seconds: float, people: int) -> np.ndarray:
    phase = np.arange(people) * 1.7
    x = 3 * np.sin(0.3 * seconds + phase)
    z = 6 + np.arange(people) + np.cos(0.2 * seconds + phase)
    return np.column_stack((x, np.full(people, 0.2), z))


def boxes_at(places: np.ndarray) -> np.ndarray:
    x, y, z = places.T
    sides = (x - 0.3, y - 0.9, x + 0.3, y + 0.9)
    middles = (320, 240, 320, 240)
    return np.stack([m + 600 * side / z for m, side in zip(middles, sides, strict=True)], axis=1)


def people_at(seconds, stamp_ns, places, rng) -> People:
    count = len(places)
    shown = places + rng.normal(0, NOISE, places.shape) * (1, 0, 1)
    kept = (seconds + np.arange(count)) % LOST_EVERY > 1.0
    shown, places = shown[kept], places[kept]
    ids = (np.arange(count) + 1 + count * int(seconds / ID_SECONDS))[kept]
    n = len(shown)
    joints = (shown[:, None] + rng.normal(0, 0.3, (1, 24, 3))).astype(np.float32)
    joints[:, 1:3] = shown[:, None]
    eyes = np.broadcast_to(np.eye(3, dtype=np.float32), (n, 3, 3))
    bodies = Bodies(
        boxes_at(places).astype(np.float32), np.ones(n, np.float32), eyes,
        np.broadcast_to(np.eye(3, dtype=np.float32), (n, 23, 3, 3)),
        np.zeros((n, 10), np.float32), shown.astype(np.float32), np.zeros((n, 0, 3), np.float32),
        joints, np.zeros((n, 24, 2), np.float32), np.ones((n, 24), np.float32),
        eyes * NOISE**2, "landmarks", "anny",
    )  # fmt: skip
    return People(
        ids.astype(np.uint32), ids.astype(np.uint32), np.full(n, TrackState.CONFIRMED, np.uint8),
        np.full(n, stamp_ns), np.ones(n, np.float32), bodies, np.zeros((n, 3), np.float32),
        eyes * NOISE**2, eyes,
    )  # fmt: skip


def make(folder: EvaluationFolder, minutes: float, rate: float, people: int) -> np.ndarray:
    """The tables of one clip, and its true boxes as rows of a MOT file."""
    truth = folder.path / "gt.txt"
    clip = Clip("hour", "hour.mp4", "0" * 64, str(truth))
    folder.begin(Plan({}, {}, (clip,)))
    place = folder.clip("hour")
    place.mkdir()
    rng, rows = np.random.default_rng(0), []
    image = np.zeros((480, 640, 3), np.uint8)
    with (
        PeopleTableWriter(place / "tracks.parquet") as tracks,
        ImageTableWriter(place / "images.parquet") as images,
    ):
        for number in range(1, round(60 * minutes * rate) + 1):
            seconds = number / rate
            stamp_ns = round(seconds * 1e9)
            places = places_at(seconds, people)
            found = people_at(seconds, stamp_ns, places, rng)
            ahead = np.repeat(found.bodies.pelvis_cam[:, None], 3, axis=1)
            forecast = Forecast(ahead, np.broadcast_to(np.eye(3), (len(found), 3, 3, 3)))
            tracks.write(number, stamp_ns, found, forecast)
            images.write(
                Frame(image, stamp_ns, CAMERA, number=number), np.array((0, -1.0, 0)), False
            )
            boxes = boxes_at(places)
            rows.append(np.column_stack((
                np.full(people, number), np.arange(1, people + 1), boxes[:, :2],
                boxes[:, 2:] - boxes[:, :2], np.ones((people, 1)),
                places[:, [0, 2]], np.zeros((people, 1)),
            )))  # fmt: skip
    table = np.concatenate(rows)
    np.savetxt(truth, table, delimiter=",", fmt="%.4f")
    lines = truth.read_text().replace(".0000,", ",", 1)
    truth.write_text(lines)
    (place / "summary.json").write_text("{}")
    # The ground: x to the right, y forward.
    (folder.path / "camera.json").write_text(
        '{"R_world_to_cam": [[1, 0, 0], [0, 0, -1], [0, 1, 0]], "t_world_to_cam_m": [0, 0.2, 0]}'
    )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=30)
    parser.add_argument("--people", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = EvaluationFolder(Path(place, "out"))
        start = time.perf_counter()
        table = make(folder, options.minutes, options.rate, options.people)
        print(f"made {len(table)} true rows in {time.perf_counter() - start:.0f} s", flush=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        start = time.perf_counter()
        scores = score(folder, TruthOptions())
        scored = time.perf_counter()
        write_report(folder, scores)
        reported = time.perf_counter()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        figures = {f.name: f.value for f in scores.figures if f.where == "all"}
        names = ("image.HOTA", "ground.HOTA", "position_error.p50", "coverage.95")
        print({name: round(figures[name], 3) for name in names})
        print(
            f"score {scored - start:.1f} s, report {reported - scored:.1f} s, "
            f"{memory:.2f} GB at most, "
            f"{before:.2f} GB before"
        )
        start = time.perf_counter()
        shown = np.column_stack((table[:, :6], np.ones((len(table), 2))))
        score_tracks({"itself": shown}, shown)
        print(f"TrackEval alone, on as many boxes: {time.perf_counter() - start:.1f} s")


if __name__ == "__main__":
    main()
