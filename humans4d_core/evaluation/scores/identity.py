"""Whether ids hold, in the image and on the ground: HOTA, CLEAR MOT, IDF1, handovers, ghosts, OSPA.

HOTA, CLEAR and Identity are TrackEval's, on likenesses made here: overlap of boxes in the image, or
1 - distance / 2 m on the ground (its own measure for points). Schuhmacher et al., "A Consistent
Metric for Performance Evaluation of Multi-Object Filters" (2008), for OSPA of order 1, cut-off 1 m.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...types import TrackState
from ..association.handovers import count_handovers
from ..tracking_metrics import require_trackeval
from .figures import RESAMPLES, Figure, drawn_counts, generator, interval, mean_figure
from .scene import NOBODY, ZERO_DISTANCE, Scene

OSPA_CUTOFF = 1.0  # m
#: Figure -> TrackEval's metric, its field, and the unit.
FIGURES = {
    "HOTA": ("HOTA", "HOTA", "%"), "DetA": ("HOTA", "DetA", "%"), "AssA": ("HOTA", "AssA", "%"),
    "MOTA": ("CLEAR", "MOTA", "%"), "IDF1": ("Identity", "IDF1", "%"),
    "recall": ("CLEAR", "CLR_Re", "%"), "precision": ("CLEAR", "CLR_Pr", "%"),
    "switches": ("CLEAR", "IDSW", ""), "fragments": ("CLEAR", "Frag", ""),
}  # fmt: skip


@dataclass(frozen=True)
class IdentityCounts:
    """What one clip adds to the figures of all."""

    trackeval: dict[str, dict]  #: metric -> TrackEval's result
    handovers: int
    ghosts: int  #: rows of OCCLUDED people where nobody is


def identity_counts(scene: Scene, by_place: bool) -> IdentityCounts:
    """Of the people of a clip who were published as seen."""
    return scene.once(("identity", by_place), lambda: _identity_counts(scene, by_place))


def _identity_counts(scene: Scene, by_place: bool) -> IdentityCounts:
    believed = scene.believed
    matched = scene.believed_matches(by_place)
    kept = ~scene.is_ignored(believed, matched, by_place)
    data = _data(scene, believed.select(kept), by_place)
    results = {name: metric.eval_sequence(data) for name, metric in _metrics().items()}
    table = np.column_stack((believed.frame, believed.track_id)).astype(np.float64)[kept]
    persons = np.where(matched == NOBODY, -1, scene.truth.rows.person[matched])[kept]
    hidden = scene.without_joints.in_states(TrackState.OCCLUDED)
    ghosts = int((scene.matched(hidden, by_place) == NOBODY).sum())
    return IdentityCounts(results, count_handovers(table, persons), ghosts)


def identity_figures(counts: dict[str, IdentityCounts], prefix: str) -> list[Figure]:
    """Of all clips together, as TrackEval combines them; intervals over clips, if there are some.

    prefix: of the figures' names, "image" or "ground".
    """
    metrics, clips = _metrics(), list(counts.values())
    whole = _combined(metrics, clips, np.ones(len(clips), int))
    draws = drawn_counts(len(clips), generator(prefix)).astype(int)
    # Resampling few clips repeats itself; each drawing is combined once.
    unique, back = np.unique(draws, axis=0, return_inverse=True)
    spread = [_combined(metrics, clips, draw) for draw in unique[:RESAMPLES]]
    figures = []
    for name, (_, _, unit) in FIGURES.items():
        drawn = np.array([each[name] for each in spread])
        low, high = interval(drawn[back.reshape(-1)]) if unit and len(drawn) else (None, None)
        figures.append(Figure(f"{prefix}.{name}", whole[name], unit, low=low, high=high,
                              count=len(clips)))  # fmt: skip
    for name in ("handovers", "ghosts"):
        total = float(sum(getattr(each, name) for each in clips))
        figures.append(Figure(f"{prefix}.{name}", total, "", count=len(clips)))
    return figures


def ospa_figure(scenes: list[Scene]) -> Figure:
    """The mean over all images with anybody, true or published; drawn by clips."""
    values, groups = [], []
    for number, scene in enumerate(scenes):
        found = ospa(scene)
        values.append(found)
        groups.append(np.full(len(found), number))
    return mean_figure("ground.OSPA", np.concatenate(values), np.concatenate(groups), "m")


def ospa(scene: Scene) -> np.ndarray:
    """OSPA (K,) m of each image that has somebody."""
    return np.asarray(scene.once("OSPA", lambda: _ospa(scene)))


def _ospa(scene: Scene) -> np.ndarray:
    counts, values = scene.truth.rows.counts, []
    for there, rows, alike in scene.likeness(scene.believed, by_place=True):
        counted = counts[there]
        if not counted.all():
            # Who is nearest to somebody who does not count, does not count.
            i, j = linear_sum_assignment(-alike)
            ignored = i[~counted[j] & (alike[i, j] > 0.5)]
            alike = np.delete(alike, ignored, axis=0)[:, counted]
            rows = np.delete(rows, ignored)
        most, least = max(alike.shape), min(alike.shape)
        if not most:
            continue
        distance = np.minimum(ZERO_DISTANCE * (1 - alike), OSPA_CUTOFF)
        i, j = linear_sum_assignment(distance)
        values.append((distance[i, j].sum() + OSPA_CUTOFF * (most - least)) / most)
    return np.array(values)


def _metrics() -> dict:
    trackeval = require_trackeval()
    quiet = {"PRINT_CONFIG": False}
    return {
        "HOTA": trackeval.metrics.HOTA(), "CLEAR": trackeval.metrics.CLEAR(quiet),
        "Identity": trackeval.metrics.Identity(quiet),
    }  # fmt: skip


def _data(scene: Scene, people, by_place: bool) -> dict:
    """TrackEval's description of one sequence: ids from 0 and likenesses, image by image."""
    truth = scene.truth.rows
    true_ids, shown_ids, alike = [], [], []
    for there, rows, values in scene.likeness(people, by_place):
        counted = truth.counts[there]
        true_ids.append(truth.person[there[counted]])
        shown_ids.append(people.track_id[rows])
        alike.append(values.T[counted])
    result = {"num_timesteps": len(alike), "similarity_scores": alike}
    for name, ids in (("gt", true_ids), ("tracker", shown_ids)):
        everybody = np.concatenate([*ids, np.zeros(0, np.int64)])
        known, numbers = np.unique(everybody, return_inverse=True)
        ends = np.cumsum([len(each) for each in ids])[:-1]
        result[f"{name}_ids"] = np.split(numbers.reshape(-1), ends)
        result[f"num_{name}_ids"] = len(known)
        result[f"num_{name}_dets"] = len(everybody)
    return result


def _combined(metrics: dict, clips: list[IdentityCounts], often: np.ndarray) -> dict[str, float]:
    """Figures of all clips, each as often as it is said."""
    found = {}
    repeated = [clip for clip, times in zip(clips, often.tolist(), strict=True)
                for _ in range(times)]  # fmt: skip
    for name, metric in metrics.items():
        parts = {str(k): clip.trackeval[name] for k, clip in enumerate(repeated)}
        found[name] = metric.combine_sequences(parts)
    return {
        name: float(np.mean(found[metric][field])) * (100.0 if unit else 1.0)
        for name, (metric, field, unit) in FIGURES.items()
    }
