"""How much does the tracker's score on boxes alone depend on each of its settings?

    python benchmarks/tracking_flatness.py SEQUENCE_DIR ... [--only NAME] [--jobs N] [--json FILE]

Each setting of SETTINGS is halved and doubled while all others keep their value. Printed: the mean
HOTA, MOTA and handovers of the sequences at half, as it is, and doubled. Then, leaving one sequence
out at a time: which variant the other sequences would have chosen, and what the one left out scores
with it. Scores are those of TrackEval; what counts is what was published at each image.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from humans4d_core.config import PipelineConfig
from humans4d_core.evaluation.association.handovers import count_handovers, matched_truth
from humans4d_core.evaluation.association.published_rows import box_pipeline, published
from humans4d_core.evaluation.association.sequences import read_sequence
from humans4d_core.evaluation.tracking_metrics import score_tracks

#: Of TrackerConfig, then constants of modules. What does nothing without images is left out.
SETTINGS = (
    "tracker.confirm_hits", "tracker.tentative_seconds", "tracker.occluded_seconds",
    "tracker.continue_score", "tracker.walking_speed", "tracker.velocity_seconds",
    "tracker.duplicate_iou",
    "scene_turnover.STAY_SHARE", "scene_turnover.LEAST_SECONDS",
    "scene_turnover.EXPECTED_DEPARTURES", "scene_turnover.EXPECTED_STAY", "scene_turnover.BUSY",
    "scene_turnover.EXPECTED_NEWCOMERS", "scene_turnover.EXPECTED_SECONDS",
    "scene_turnover.BUSY_ALONE_COST", "scene_turnover.MOST_ALONE_COST",
    "confirmation.SURE_NATS", "association_cost.BOX_GATE", "association_cost.BOX_FREEDOM",
    "association_cost.DEPTH_FREEDOM", "association_cost.SAME_JOINTS", "motion_filter.BOX_SIGMA",
    "motion_filter.BELIEVABLE", "motion_filter.STEP_DOUBT", "motion_filter.CAMERA_SPEED",
    "score_scale.SHARE", "score_scale.SUREST", "upright_recovery.MIDDLE_SIGMA",
)  # fmt: skip
AS_IT_IS = "as it is"


def scores(variant: tuple[str, float], folders: list[Path]) -> list[list[float]]:
    """HOTA, MOTA and handovers of each sequence with one setting times a factor."""
    name, factor = variant
    config = PipelineConfig()
    if name.startswith("tracker."):
        value = config.value(name) * factor
        if isinstance(config.value(name), int):
            value = max(2, round(value))
        if name == "tracker.duplicate_iou":
            value = min(value, 0.9)
        config = config.replaced({name: value})
    elif name != AS_IT_IS:
        set_constant(*name.split("."), factor)
    lines = []
    for folder in folders:
        sequence = read_sequence(folder, None, None)
        people = published(sequence, box_pipeline(config))
        table = people.table(people.seen)
        score = score_tracks({"": table}, sequence.truth, "MOT15", sequence.num_frames)[""]
        handovers = count_handovers(table, matched_truth(table, sequence.truth))
        lines.append([score.hota, score.mota, handovers])
    return lines


def set_constant(module: str, name: str, factor: float) -> None:
    """Times `factor` in the module that has it and in those that imported it."""
    home = next(m for n, m in sys.modules.items() if n.endswith(f".{module}"))
    before = getattr(home, name)
    for loaded in list(sys.modules.values()):
        is_ours = getattr(loaded, "__name__", "").startswith("humans4d_core")
        if is_ours and getattr(loaded, name, None) is before:
            setattr(loaded, name, before * factor)


def leave_one_out(hota: dict[tuple[str, float], np.ndarray]) -> list[tuple[str, float, float]]:
    """For each sequence: the variant that is best on the others, and the scores of that and of the
    settings as they are on the sequence itself."""
    chosen = []
    for k in range(len(hota[AS_IT_IS, 1.0])):
        best = max(hota, key=lambda variant: np.delete(hota[variant], k).mean())
        name = best[0] if best[1] == 1 else f"{best[0]} x {best[1]:g}"
        chosen.append((name, float(hota[best][k]), float(hota[AS_IT_IS, 1.0][k])))
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--only", action="append", choices=SETTINGS)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    variants = [(AS_IT_IS, 1.0)]
    variants += [(name, factor) for name in options.only or SETTINGS for factor in (0.5, 2.0)]
    # A process each: constants of a module stay changed.
    with ProcessPoolExecutor(
        options.jobs, mp_context=get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        tasks = [(variant, pool.submit(scores, variant, options.folders)) for variant in variants]
        results = {}
        for done, (variant, task) in enumerate(tasks, start=1):
            results[variant] = np.array(task.result())
            print(f"\r{done} of {len(tasks)}", end="", file=sys.stderr)
    whole = results[AS_IT_IS, 1.0]
    print(f"{'':36}{'HOTA: half, double':>22}{'MOTA':>16}{'handovers':>14}")
    print(f"{AS_IT_IS:36}{whole[:, 0].mean():22.1f}{whole[:, 1].mean():16.1f}"
          f"{whole[:, 2].sum():14.0f}")  # fmt: skip
    for name in options.only or SETTINGS:
        half, double = (results[name, factor] for factor in (0.5, 2.0))
        columns = (f"{half[:, k].mean():.1f}, {double[:, k].mean():.1f}" for k in (0, 1))
        hota, mota = columns
        print(f"{name:36}{hota:>22}{mota:>16}{half[:, 2].sum():8.0f},{double[:, 2].sum():5.0f}")
    hota = {variant: result[:, 0] for variant, result in results.items()}
    print("\nleft out: chosen on the others, HOTA of that and as it is")
    for folder, (name, score, before) in zip(options.folders, leave_one_out(hota), strict=True):
        print(f"{folder.name:20}{name:44}{score:6.1f}{before:6.1f}")
    if options.json:
        named = {f"{n} x {f:g}": r.tolist() for (n, f), r in results.items()}
        options.json.write_text(json.dumps(named, indent=1))


if __name__ == "__main__":
    main()
