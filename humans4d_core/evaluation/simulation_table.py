"""How well trackers follow the simulated crowd, scenario by scenario, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass
from inspect import signature

import numpy as np

from ..geometry.boxes import same_boxes
from ..simulation.sensing import START_SCORE
from ..simulation.simulated_crowd import SimulatedFrame, Simulation, Truth, World
from ..tracking import PeopleTracker, TrackerConfig
from ..tracking.tracker_creation import DEFAULT_TRACKER, TRACKER_NAMES, create_tracker
from ..types import People, TrackState
from .mot_tables import box_rows
from .tracking_metrics import DISTRACTOR, PEDESTRIAN, TrackingScore, score_tracks

#: The classes of MOT17 say which people count; a track on one who does not is neither hit nor miss.
BENCHMARK = "MOT17"
#: A track is at a person's place when the boxes overlap by this much.
MATCHED_IOU = 0.5
#: Another's tracker: frame -> ids (K,), boxes (K, 4).
Peer = Callable[[SimulatedFrame], tuple[np.ndarray, np.ndarray]]
#: s a peer may keep a track that it does not see: as long as ours does.
PATIENCE = TrackerConfig.occluded_seconds


@dataclass(frozen=True)
class Line:
    """One tracker in one scenario."""

    scenario: str
    tracker: str
    score: TrackingScore
    #: m in the camera's frame and m/s relative to the fixed one, median over matched people; None
    #: where it gives none.
    position_error: float | None
    velocity_error: float | None
    milliseconds: float | None  #: a frame, median


class Followed:
    """What one tracker said about each frame, beside the truth."""

    def __init__(self, name: str):
        self.name = name
        self.rows: list[np.ndarray] = []  # (K, 6) a frame: frame, id, x, y, w, h
        self.errors: list[np.ndarray] = []  # (K, 2) a frame: m, m/s
        self.seconds: list[float] = []

    def add(
        self,
        number: int,
        ids: np.ndarray,
        boxes: np.ndarray,
        seconds: float,
        errors: np.ndarray | None = None,
    ) -> None:
        self.rows.append(box_rows(number, ids, boxes))
        self.seconds.append(seconds)
        if errors is not None:
            self.errors.append(errors)

    def line(self, scenario: str, score: TrackingScore) -> Line:
        errors = np.concatenate(self.errors) if self.errors else np.zeros((0, 2))
        position, velocity = np.median(errors, axis=0).tolist() if len(errors) else (None, None)
        milliseconds = 1e3 * float(np.median(self.seconds))
        return Line(scenario, self.name, score, position, velocity, milliseconds)


@dataclass(frozen=True)
class Contender:
    """One of our trackers, and how it is asked."""

    name: str  #: of its line
    tracker: PeopleTracker
    knows_camera: bool = True  #: whether it is told how the camera moves
    by_person: bool = False  #: whether there is a second line, by person_id


def evaluate_scenario(simulation: Simulation) -> list[Line]:
    """Each of our trackers by track_id, the default one also by person_id and, where the camera
    moves, without its poses; ByteTrack where `trackers` is installed.

    Raises Humans4dError where TrackEval is not installed.
    """
    body = simulation.world.body

    def created(name: str) -> PeopleTracker:
        return create_tracker(name, TrackerConfig(start_score=START_SCORE), body)

    contenders = [Contender(DEFAULT_TRACKER, created(DEFAULT_TRACKER), by_person=True)]
    if simulation.scenario.camera.moves:
        blind = Contender(f"{DEFAULT_TRACKER}, no poses", created(DEFAULT_TRACKER), False)
        contenders.append(blind)
    others = (name for name in TRACKER_NAMES if name != DEFAULT_TRACKER)
    contenders += [Contender(name, created(name)) for name in others]
    return score_trackers(simulation, contenders, byte_track(simulation.scenario.rate))


def score_trackers(
    simulation: Simulation, contenders: list[Contender], peer: Peer | None = None
) -> list[Line]:
    """One or two lines a contender, and one of a peer, called ByteTrack."""
    followed: dict[str, Followed] = {}
    for contender in contenders:
        names = [contender.name] + contender.by_person * [person_line(contender.name)]
        followed |= {name: Followed(name) for name in names}
    others = Followed("ByteTrack")
    truth, number = [], 0
    for number, simulated in enumerate(simulation, start=1):
        truth.append(truth_rows(number, simulated))
        for contender in contenders:
            name = contender.name
            frame = simulated.frame if contender.knows_camera else simulated.unposed_frame
            start = time.perf_counter()
            found = contender.tracker.update(frame, simulated.bodies)
            seconds = time.perf_counter() - start
            found = found.select(found.states == TrackState.CONFIRMED)
            boxes = found.bodies.boxes_px.astype(np.float64)
            errors = _errors(found, simulated.truth)
            followed[name].add(number, found.track_ids, boxes, seconds, errors)
            if contender.by_person:
                # One box a person and frame.
                ids, first = np.unique(found.person_ids, return_index=True)
                people = followed[person_line(name)]
                people.add(number, ids, boxes[first], seconds, errors)
        if peer is not None:
            start = time.perf_counter()
            ids, boxes = peer(simulated)
            others.add(number, ids, boxes, time.perf_counter() - start)
    if peer is not None:
        followed[others.name] = others
    tables = {name: np.concatenate(f.rows) for name, f in followed.items()}
    scores = score_tracks(tables, np.concatenate(truth), BENCHMARK, number)
    return [f.line(simulation.name, scores[name]) for name, f in followed.items()]


def person_line(name: str) -> str:
    """What the line by person_id is called of the tracker called `name`."""
    return f"{name}, person_id"


def evaluate_scenarios(
    names: Iterable[str], seed: int, world: World, on_scenario: Callable[[str], None]
) -> list[Line]:
    """Lines of several scenarios; on_scenario is called with the name of each before it starts."""
    lines = []
    for name in names:
        on_scenario(name)
        lines += evaluate_scenario(Simulation(name, seed, world))
    return lines


def mean_lines(lines: list[Line]) -> list[Line]:
    """One line a tracker: means over the scenarios, sums of the counts."""
    means = []
    for tracker in dict.fromkeys(line.tracker for line in lines):
        own = [line for line in lines if line.tracker == tracker]
        figures = np.array([astuple(line.score) for line in own])
        total = figures.sum(0)
        score = TrackingScore(*(total[:5] / len(own)).tolist(), *total[5:].astype(int).tolist())
        others = np.array(
            [(x.position_error, x.velocity_error, x.milliseconds) for x in own], np.float64
        ).mean(0)
        position, velocity, milliseconds = (None if np.isnan(v) else float(v) for v in others)
        means.append(Line("mean, sum", tracker, score, position, velocity, milliseconds))
    return means


def truth_rows(number: int, simulated: SimulatedFrame) -> np.ndarray:
    """MOT rows (P, 8) of a frame's truth; who is hardly seen is a distractor."""
    truth = simulated.truth
    kind = np.where(truth.is_counted, PEDESTRIAN, DISTRACTOR)
    rows = box_rows(number, truth.ids, truth.boxes_px)
    return np.column_stack((rows, np.ones(len(truth)), kind))


def has_byte_track() -> bool:
    """Whether PyPI `trackers` is installed, with what it needs and new enough to take times."""
    try:
        import supervision  # noqa: F401
        from trackers import ByteTrackTracker
    except ImportError:
        return False
    return "timestamp" in signature(ByteTrackTracker.update).parameters


def byte_track(rate: float) -> Peer | None:
    """ByteTrack of PyPI `trackers` (Apache-2.0): frame -> ids (K,), boxes (K, 4); or None.

    It gets the true times, our start score and our patience.
    """
    if not has_byte_track():
        return None
    import supervision
    from trackers import ByteTrackTracker

    tracker = ByteTrackTracker(
        lost_track_buffer=round(30 * PATIENCE),  # counted in thirtieths of a second
        frame_rate=rate,
        track_activation_threshold=START_SCORE,
        high_conf_det_threshold=START_SCORE,
    )

    def follow(simulated: SimulatedFrame) -> tuple[np.ndarray, np.ndarray]:
        given = simulated.detections
        found = supervision.Detections(
            xyxy=given.boxes_px, confidence=given.scores, class_id=np.zeros(len(given), int)
        )
        tracked = tracker.update(found, timestamp=simulated.seconds)
        known = tracked.tracker_id >= 0
        return tracked.tracker_id[known], tracked.xyxy[known]

    return follow


def _errors(found: People, truth: Truth) -> np.ndarray:
    """Errors (K, 2) of place, m, and velocity, m/s, of those who are at a true person's box."""
    row, column = same_boxes(found.bodies.boxes_px, truth.boxes_px, MATCHED_IOU)
    place = found.bodies.pelvis_cam[row] - truth.positions_cam[column]
    velocity = found.velocity_cam[row] - truth.velocities_cam[column]
    return np.column_stack((np.linalg.norm(place, axis=1), np.linalg.norm(velocity, axis=1)))
