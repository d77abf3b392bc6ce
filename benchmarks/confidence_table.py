"""Is a message's confidence the share of people that it says?

    python benchmarks/confidence_table.py SEQUENCE_DIR...

SEQUENCE_DIR as for `humans4d evaluate association`: boxes without images. Each bin of tenths: mean
confidence said -> share of the rows that show a true person (IoU of .5 or more) and their number,
of who was CONFIRMED and of who was OCCLUDED at the time; then all sequences together.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from humans4d_core.config import PipelineConfig
from humans4d_core.evaluation.association.handovers import matched_truth
from humans4d_core.evaluation.association.published_rows import box_pipeline, published
from humans4d_core.evaluation.association.sequences import read_sequence

FEWEST = 200


def bins(said: np.ndarray, is_true: np.ndarray) -> str:
    texts = []
    for low in np.arange(10) / 10:
        rows = (said >= low) & (said < low + 0.1)
        if rows.sum() >= FEWEST:
            texts.append(f"{said[rows].mean():.2f} -> {is_true[rows].mean():.2f} ({rows.sum()})")
    return ", ".join(texts)


def main() -> None:
    everything: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"seen": [], "predicted": []}
    for folder in sys.argv[1:]:
        sequence = read_sequence(Path(folder), None, None)
        rows = published(sequence, box_pipeline(PipelineConfig()))
        for name, wanted in (("seen", rows.seen), ("predicted", rows.predicted)):
            is_true = matched_truth(rows.table(wanted), sequence.truth) >= 0
            everything[name].append((rows.confidence[wanted], is_true))
            print(f"{sequence.name:14s} {name:9s} {bins(*everything[name][-1])}", flush=True)
    for name, parts in everything.items():
        said, is_true = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        print(f"{'all':14s} {name:9s} {bins(said, is_true)}")


if __name__ == "__main__":
    main()
