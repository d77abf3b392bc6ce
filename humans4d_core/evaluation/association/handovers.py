"""Ids that are handed on, and people who are not there.

A handover: an id that showed one true person shows another one at its next sight. It is no id
switch of CLEAR MOT (each true person may keep one id), and a planner sees somebody teleport.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from ...geometry.boxes import iou
from ..mot_tables import FRAME, ID, MARK

MATCHED_IOU = 0.5


def matched_truth(table: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """True id (R,) int64 of each row of tracks (R, 6), -1 where it shows nobody.

    As CLEAR MOT matches: who was shown by an id in the frame before stays with it as long as they
    overlap by MATCHED_IOU; the others are assigned for the largest overlap.
    """
    found = np.full(len(table), -1, np.int64)
    before: dict[int, int] = {}
    for frame in np.unique(table[:, FRAME]):
        rows = np.flatnonzero(table[:, FRAME] == frame)
        there = truth[truth[:, FRAME] == frame]
        ids, people = table[rows, ID].astype(int), there[:, ID].astype(int)
        overlap = iou(_corners(table[rows]), _corners(there))
        overlap[overlap < MATCHED_IOU] = 0
        stays = np.array([before.get(i, -1) for i in ids])[:, None] == people
        # Overlaps are at most 1, so whoever stays wins.
        i, j = linear_sum_assignment(-(overlap + len(rows) * (stays & (overlap > 0))))
        good = overlap[i, j] > 0
        found[rows[i[good]]] = people[j[good]]
        before = dict(zip(ids[i[good]].tolist(), people[j[good]].tolist(), strict=True))
    return found


def count_handovers(table: np.ndarray, matched: np.ndarray) -> int:
    """How often an id of tracks (R, 6) goes over to another true person (R,), -1: nobody."""
    shows = matched >= 0
    ids, frames, people = table[shows, ID], table[shows, FRAME], matched[shows]
    order = np.lexsort((frames, ids))
    same_id = ids[order][1:] == ids[order][:-1]
    return int((same_id & (people[order][1:] != people[order][:-1])).sum())


def count_ghosts(predicted: np.ndarray, truth: np.ndarray) -> int:
    """How many predicted rows (R, 6) show nobody; people who do not count are people, too."""
    return int((matched_truth(predicted, truth) < 0).sum())


def perfect_ids(boxes: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Boxes (R, 6) with the ids of the true people in them; others have an id each."""
    matched = matched_truth(boxes, truth[truth[:, MARK] != 0])
    table = boxes.copy()
    first = int(truth[:, ID].max(initial=0)) + 1
    table[:, ID] = np.where(matched >= 0, matched, first + np.arange(len(boxes)))
    return table


def _corners(rows: np.ndarray) -> np.ndarray:
    boxes = rows[:, 2:6]
    return np.column_stack((boxes[:, :2], boxes[:, :2] + boxes[:, 2:]))
