"""What each of the tracker's cues is worth: the same crowd, with one cue at a time switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from ..body import Surface
from ..detection import GivenBoxes
from ..io import MotBoxes, Source
from ..pipeline import create_pipeline
from ..simulation.sensing import START_SCORE
from ..simulation.simulated_crowd import Simulation, World
from ..tracking import Tracker, TrackerConfig
from ..types import Bodies, Forecast, Frame, People, TrackState
from .mot_tables import box_rows
from .simulation_table import Contender, Line, person_line, score_trackers
from .tracking_metrics import TrackingScore, score_tracks

EVERYTHING = "everything"

#: What is switched off -> the tracker's config without it.
SWITCHES: dict[str, Callable[[TrackerConfig], TrackerConfig]] = {
    "appearance": lambda config: replace(config, use_appearance=False),
    "metric position": lambda config: replace(config, use_position=False),
    "joints": lambda config: replace(config, use_joints=False),
    "images' motion": lambda config: replace(config, use_images=False),
    "low scores": lambda config: replace(config, continue_score=config.start_score),
    "re-identification": lambda config: replace(config, reidentify_seconds=0.0),
}

#: Not of the tracker but of its input: how the camera moves.
CAMERA_POSES = "camera poses"


@dataclass(frozen=True)
class CueLine:
    """The tracker without one cue."""

    without: str  #: the cue, or EVERYTHING: nothing was switched off
    score: TrackingScore  #: by track_id
    people: TrackingScore  #: by person_id


def variants(config: TrackerConfig, surface: Surface | None) -> dict[str, Tracker]:
    """The whole tracker, and one without each cue."""
    configs = {EVERYTHING: config} | {cue: change(config) for cue, change in SWITCHES.items()}
    return {name: Tracker(changed, surface) for name, changed in configs.items()}


def cues_in_simulation(
    names: Iterable[str], seeds: Iterable[int], world: World, on_scenario: Callable[[str], None]
) -> list[CueLine]:
    """Means over scenarios and seeds, sums of counts; on_scenario hears the name of each."""
    surface = Surface.of_body(world.body)
    lines: list[Line] = []
    for name in names:
        for seed in seeds:
            on_scenario(f"{name} {seed}")
            trackers = variants(TrackerConfig(start_score=START_SCORE), surface)
            contenders = [Contender(n, t, by_person=True) for n, t in trackers.items()]
            whole = Tracker(TrackerConfig(start_score=START_SCORE), surface)
            contenders.append(Contender(CAMERA_POSES, whole, knows_camera=False, by_person=True))
            lines += score_trackers(Simulation(name, seed, world), contenders)

    def mean(tracker: str) -> TrackingScore:
        figures = np.array([astuple(line.score) for line in lines if line.tracker == tracker])
        total = figures.sum(0)
        return TrackingScore(*(total[:5] / len(figures)).tolist(), *total[5:].astype(int).tolist())

    return [
        CueLine(cue, mean(cue), mean(person_line(cue)))
        for cue in (EVERYTHING, *SWITCHES, CAMERA_POSES)
    ]


class _SideBySide:
    """Each cue's variant of the tracker in the place of one: all follow the same bodies."""

    def __init__(self, trackers: dict[str, Tracker]):
        self.trackers = trackers
        self.people: dict[str, People] = {}  #: of the last frame
        self.next_id = 1  # of nobody: each tracker counts its own

    @property
    def start_score(self) -> float:
        return self.trackers[EVERYTHING].start_score

    def reconfigure(self, config: TrackerConfig) -> None:
        for name, tracker in self.trackers.items():
            tracker.reconfigure(SWITCHES[name](config) if name in SWITCHES else config)

    def update(self, frame: Frame, bodies: Bodies) -> People:
        self.people = {name: t.update(frame, bodies) for name, t in self.trackers.items()}
        return self.people[EVERYTHING]

    def forecast(self, seconds: Sequence[float]) -> Forecast:
        return self.trackers[EVERYTHING].forecast(seconds)

    def reset(self) -> None:
        for tracker in self.trackers.values():
            tracker.reset()


def cues_in_sequence(
    source: Source,
    boxes: MotBoxes,
    truth: np.ndarray,
    benchmark: str,
    on_frame: Callable[[str], None],
) -> list[CueLine]:
    """Of a sequence with given boxes and the default recovery; what is CONFIRMED counts.

    truth: (R, 6 or more) rows of a MOT file. on_frame hears of each frame.
    """
    pipeline = create_pipeline(detector=GivenBoxes())
    side_by_side = _SideBySide(
        variants(pipeline.config.tracker, Surface.of_body(pipeline.recovery.body))
    )
    pipeline.tracker = side_by_side
    tracks: dict[str, list[np.ndarray]] = {name: [] for name in side_by_side.trackers}
    people: dict[str, list[np.ndarray]] = {name: [] for name in side_by_side.trackers}
    frames = 0
    for frames, frame in enumerate(source, start=1):  # noqa: B007, their number at the end
        on_frame(f"frame {frame.number}")
        if pipeline.process(frame, boxes[frame.number]).is_late:
            continue
        for name, found in side_by_side.people.items():
            by_track, by_person = _mot_rows(found, frame.number)
            tracks[name].append(by_track)
            people[name].append(by_person)
    tables = {name: np.concatenate(rows) for name, rows in tracks.items()}
    tables |= {person_line(name): np.concatenate(rows) for name, rows in people.items()}
    scores = score_tracks(tables, truth, benchmark, frames + source.skipped)
    return [CueLine(name, scores[name], scores[person_line(name)]) for name in tracks]


def _mot_rows(people: People, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows (C, 6) of the CONFIRMED people of image `number`, by track_id and by person_id."""
    people = people.select(people.states == TrackState.CONFIRMED)
    boxes = people.bodies.boxes_px
    ids, first = np.unique(people.person_ids, return_index=True)
    return box_rows(number, people.track_ids, boxes), box_rows(number, ids, boxes[first])
