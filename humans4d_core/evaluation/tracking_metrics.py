"""How well identities survive: HOTA, CLEAR MOT and IDF1, as TrackEval counts them.

Luiten et al., "HOTA", 2021; Bernardin and Stiefelhagen, "CLEAR MOT", 2008; Ristani et al.,
"Performance Measures and a Data Set for Multi-target, Multi-camera Tracking", 2016. Other tools
count id switches differently: these are TrackEval's figures, as benchmarks quote them.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import Humans4dError, InputFileError
from .mot_tables import CLASS, COLUMNS, FRAME, ID, MARK

#: MOT15 has no classes (its column 8 is a place in the world); the others count class 1 and drop
#: tracks that lie on a distractor.
BENCHMARKS = ("MOT15", "MOT16", "MOT17", "MOT20")
PEDESTRIAN, DISTRACTOR = 1, 8
CLASSES = range(1, 14)

_SEQUENCE = "sequence"


@dataclass(frozen=True)
class TrackingScore:
    """Of one file of tracks; percentages but for the counts."""

    hota: float
    det_a: float
    ass_a: float
    mota: float
    idf1: float
    id_switches: int
    fragments: int
    tracks: int


def score_tracks(
    tracks: Mapping[str, np.ndarray],
    truth: np.ndarray,
    benchmark: str = "MOT15",
    num_frames: int | None = None,
) -> dict[str, TrackingScore]:
    """Scores of each table of tracks against one truth, boxes matched at IoU 0.5 (HOTA: .05-.95).

    Tables are (R, 6 or more): frame (1 = first), id, x, y, w, h; the truth's columns 7 and 8 are
    mark and class, see `mot_tables`. num_frames: of the sequence; None: up to the last box.
    Raises Humans4dError where TrackEval is not installed or the benchmark unknown, InputFileError
    where the truth is of another benchmark or a table cannot be scored.
    """
    if benchmark not in BENCHMARKS:
        raise Humans4dError(f"benchmark '{benchmark}' is not one of {', '.join(BENCHMARKS)}")
    trackeval = require_trackeval()
    truth = _checked_truth(np.asarray(truth, np.float64), benchmark)
    tables = {label: np.asarray(table, np.float64) for label, table in tracks.items()}
    last = max((t[:, FRAME].max() for t in (truth, *tables.values()) if len(t)), default=1)
    num_frames = int(last) if num_frames is None else num_frames
    if last > num_frames:
        raise InputFileError(f"there is a box in frame {last:.0f} of a sequence of {num_frames}")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        root = Path(folder)
        _write(root / "gt" / _SEQUENCE / "gt" / "gt.txt", truth)
        names = {label: str(k) for k, label in enumerate(tables)}
        for label, table in tables.items():
            _write(root / "trackers" / names[label] / "data" / f"{_SEQUENCE}.txt", _padded(table))
        try:
            found = _evaluate(trackeval, root, benchmark, num_frames)
        except trackeval.utils.TrackEvalException as error:
            raise InputFileError(f"TrackEval cannot score these tracks: {error}") from None
    return {
        label: _score(found[names[label]][_SEQUENCE]["pedestrian"], len(np.unique(table[:, ID])))
        for label, table in tables.items()
    }


def require_trackeval():
    """The module `trackeval`. Raises Humans4dError where it is not installed."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints when parts are missing
            import trackeval
    except ImportError as error:
        if error.name != "trackeval":
            raise Humans4dError(
                f"TrackEval cannot be imported ({error}): pip install '.[evaluate]' in the checkout"
            ) from None
        raise Humans4dError(
            "TrackEval is not installed, and it counts the scores: pip install '.[evaluate]' in "
            "the checkout"
        ) from None
    return trackeval


def _checked_truth(truth: np.ndarray, benchmark: str) -> np.ndarray:
    if truth.ndim != 2 or truth.shape[1] < COLUMNS:
        raise ValueError(f"truth has shape {truth.shape}: expected (R, {COLUMNS})")
    truth = truth[:, :COLUMNS].copy()
    counts = truth[:, MARK] != 0
    if benchmark == "MOT15":
        truth[:, CLASS] = PEDESTRIAN
    else:
        if not np.isin(truth[:, CLASS], CLASSES).all():
            raise InputFileError(
                f"column 8 of the truth does not hold {benchmark}'s classes: score it as MOT15"
            )
        counts &= truth[:, CLASS] == PEDESTRIAN
    if not counts.any():
        raise InputFileError(
            "no box of the truth counts (column 7 is 0, or column 8 names another class in all)"
        )
    return truth


def _padded(table: np.ndarray) -> np.ndarray:
    """Tracks with confidence 1 and no class, which no figure here depends on."""
    table = np.column_stack((table[:, :6], np.ones(len(table)), -np.ones(len(table))))
    # TrackEval reserves memory for the largest id.
    table[:, ID] = np.unique(table[:, ID], return_inverse=True)[1].reshape(-1)
    return table


def _write(path: Path, table: np.ndarray) -> None:
    path.parent.mkdir(parents=True)
    formats = ["%d", "%d", *["%.6f"] * 4, "%d", "%d"]
    np.savetxt(path, table, delimiter=",", fmt=formats)


def _evaluate(trackeval, root: Path, benchmark: str, num_frames: int) -> dict:
    dataset = trackeval.datasets.MotChallenge2DBox({
        "GT_FOLDER": str(root / "gt"), "TRACKERS_FOLDER": str(root / "trackers"),
        "BENCHMARK": benchmark, "SKIP_SPLIT_FOL": True, "PRINT_CONFIG": False,
        "SEQ_INFO": {_SEQUENCE: num_frames},
    })  # fmt: skip
    evaluator = trackeval.Evaluator({
        "PRINT_RESULTS": False, "PRINT_CONFIG": False, "TIME_PROGRESS": False,
        "OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False, "PLOT_CURVES": False,
        "OUTPUT_EMPTY_CLASSES": False, "DISPLAY_LESS_PROGRESS": True, "LOG_ON_ERROR": os.devnull,
    })  # fmt: skip
    quiet = {"PRINT_CONFIG": False}
    metrics = [
        trackeval.metrics.HOTA(),
        trackeval.metrics.CLEAR(quiet),
        trackeval.metrics.Identity(quiet),
    ]
    with contextlib.redirect_stderr(io.StringIO()):
        results, _ = evaluator.evaluate([dataset], metrics)
    return results["MotChallenge2DBox"]


def _score(found: dict, tracks: int) -> TrackingScore:
    hota, clear, identity = found["HOTA"], found["CLEAR"], found["Identity"]
    return TrackingScore(
        100 * float(np.mean(hota["HOTA"])),
        100 * float(np.mean(hota["DetA"])),
        100 * float(np.mean(hota["AssA"])),
        100 * float(clear["MOTA"]),
        100 * float(identity["IDF1"]),
        int(clear["IDSW"]),
        int(clear["Frag"]),
        tracks,
    )
