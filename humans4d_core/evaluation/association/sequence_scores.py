"""Every tracker's scores on one sequence of boxes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from ...config import PipelineConfig
from ..mot_tables import ID, box_rows
from ..tracking_metrics import TrackingScore, score_tracks
from .handovers import count_ghosts, count_handovers, matched_truth, perfect_ids
from .peers import has_peers, peer_tables
from .published_rows import box_pipeline, published
from .sequences import BoxSequence

OURS, PERFECT = "ours", "perfect ids"
#: TrackingScore's fields as tables and JSON name them.
NAMES = {
    "hota": "HOTA", "det_a": "DetA", "ass_a": "AssA", "mota": "MOTA", "idf1": "IDF1",
    "id_switches": "switches", "fragments": "fragments", "tracks": "tracks",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One tracker on one sequence."""

    score: TrackingScore
    handovers: int
    ghosts: int | None  #: predicted rows that show nobody; None: it tells no predictions apart

    def as_dict(self) -> dict[str, float | int | None]:
        """By the names of tables."""
        named = {NAMES[name]: value for name, value in asdict(self.score).items()}
        return {**named, "handovers": self.handovers, "ghosts": self.ghosts}


def sequence_scores(
    sequence: BoxSequence,
    config: PipelineConfig = PipelineConfig(),  # noqa: B008 (frozen)
) -> dict[str, Row]:
    """Ours, the peers where they are installed, and perfect ids on the given boxes.

    Ours is what was published at each image: confirmed people who were seen in it.
    """
    people = published(sequence, box_pipeline(config))
    tables = {OURS: people.table(people.seen)}
    if has_peers():
        tables.update(peer_tables(sequence))
    tables[PERFECT] = perfect_ids(_boxes(sequence), sequence.truth)
    scores = score_tracks(tables, sequence.truth, "MOT15", sequence.num_frames)
    ghosts = {OURS: count_ghosts(people.table(people.predicted), sequence.truth)}
    return {
        name: Row(
            scores[name],
            count_handovers(table, matched_truth(table, sequence.truth)),
            ghosts.get(name),
        )
        for name, table in tables.items()
    }


def mean_row(rows: list[Row]) -> dict[str, float]:
    """Means of what several sequences gave; ghosts are left out."""
    columns = [row.as_dict() for row in rows]
    return {
        name: float(np.mean([column[name] for column in columns]))
        for name in columns[0]
        if name != "ghosts"
    }


def _boxes(sequence: BoxSequence) -> np.ndarray:
    """(R, 6): frame, number, x, y, w, h of all given boxes."""
    parts = [np.zeros((0, 6))]
    for frame, given in sorted(sequence.detections.frames.items()):
        parts.append(box_rows(frame, np.full(len(given), frame), given.boxes_px))
    table = np.concatenate(parts)
    table[:, ID] = np.arange(len(table))
    return table
