"""People of several simulated cameras around a robot as one list: ids, places, people named twice.

    python benchmarks/fused_cameras.py [--people 2 5 10 20] [--overlap 0 30 60]
        [--seeds 2] [--first-seed 0] [--calibration-cm 5] [--calibration-degrees 1]
        [--skew 0.03]

Each camera has its own tracker, its own errors and times, and is mounted otherwise than it says:
by --calibration-cm and --calibration-degrees (sigma of each axis), its stamps late by --skew
(sigma, s). What is fused is judged at its own stamps against where people then are.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation

from humans4d_core.fusion import PeopleFusion
from humans4d_core.geometry.coordinate_frames import people_in_coordinate_frame
from humans4d_core.simulation.actors import CameraPath
from humans4d_core.simulation.scenarios import SCENARIOS, Scenario, wanderers
from humans4d_core.simulation.sensing import START_SCORE
from humans4d_core.simulation.simulated_crowd import START_NS, Simulation, World
from humans4d_core.tracking import TrackerConfig
from humans4d_core.tracking.tracker_creation import DEFAULT_TRACKER, create_tracker
from humans4d_core.types import People, Pose, TrackState

FIELD_OF_VIEW = 1.2  #: rad, of CAMERA
SECONDS, RATE = 10.0, 10.0
NEAR = 1.0  #: m: a row is at a person's place
VISIBLE = 0.3  #: share of a person that one camera has to see for the person to be counted
MOUNTED = 0.2  #: m from the robot's middle


@dataclass(frozen=True)
class Heard:
    """The people of one camera at one stamp, in the common frame as the camera knows it."""

    stamp_ns: int
    camera: int
    people: People
    position: np.ndarray
    visible: np.ndarray  #: numbers of the people whom the camera sees


@dataclass
class Score:
    """What became of the lists of one kind."""

    rows: int = 0  #: of people who are there
    twice: int = 0  #: rows at the place of somebody who has a row already
    nobody: int = 0  #: rows where nobody is
    missed: int = 0
    swallowed: int = 0  #: missed, though a camera has the person's row
    #: m, of who is seen by several cameras: fused, and by that which is said to be the surest
    pairs: list[tuple[float, float]] = field(default_factory=list)
    switches: int = 0
    errors: list[float] = field(default_factory=list)
    inside: list[bool] = field(default_factory=list)  #: of the 95 % ellipsoid

    def add(
        self, people: People, there: np.ndarray, wanted: set[int], ids: dict[int, int]
    ) -> dict[int, float]:
        """Errors, m, of the people who have a row, by their numbers.

        there: (A, 3) m, everybody's place; wanted: whom a camera sees; ids: of the last list.
        """
        people = people.select(people.states == TrackState.CONFIRMED)
        apart = people.bodies.pelvis_cam[:, None].astype(float) - there[None]
        distance = np.linalg.norm(apart, axis=-1)
        rows, actors = linear_sum_assignment(np.minimum(distance, NEAR))
        taken, matched = set(), {}
        for row, actor in zip(rows.tolist(), actors.tolist(), strict=True):
            if distance[row, actor] >= NEAR:
                continue
            taken.add(row)
            error = apart[row, actor]
            covariance = people.position_covariance_cam[row].astype(float)
            matched[actor] = float(distance[row, actor])
            self.inside.append(bool(error @ np.linalg.solve(covariance, error) < 7.815))
            track_id = int(people.track_ids[row])
            self.switches += ids.get(actor, track_id) != track_id
            ids[actor] = track_id
        rest = [row for row in range(len(people)) if row not in taken]
        near = (distance[rest] < NEAR).any(1) if rest else np.zeros(0, bool)
        self.twice += int(near.sum())
        self.nobody += int((~near).sum())
        self.rows += len(people)
        self.errors += matched.values()
        self.missed += len(wanted - matched.keys())
        return matched


def heard(
    count: int, overlap: float, seed: int, world: World, options: argparse.Namespace
) -> tuple[list[Heard], Simulation]:
    """What three cameras say, in the order in which it comes."""

    def around(rng: np.random.Generator) -> Scenario:
        return Scenario(SECONDS, RATE, wanderers(rng, count, (-8, 8), (-8, 8), int(SECONDS)))

    SCENARIOS["around"] = around
    rng = np.random.default_rng([seed, count])
    told, simulation = [], None
    for camera in range(3):
        yaw = (camera - 1) * (FIELD_OF_VIEW - np.radians(overlap))
        place = (MOUNTED * np.cos(yaw), MOUNTED * np.sin(yaw))
        path = CameraPath(places=(place,), headings=(yaw,))
        simulation = Simulation("around", seed, world, path, camera)
        tracker = create_tracker(
            DEFAULT_TRACKER, TrackerConfig(start_score=START_SCORE), simulation.world.body
        )
        turn = Rotation.from_rotvec(rng.normal(0, np.radians(options.calibration_degrees), 3))
        wrong = Pose(turn.as_matrix(), rng.normal(0, options.calibration_cm / 100, 3))
        late = round(rng.normal(0, options.skew) * 1e9)
        for frame in simulation:
            people = tracker.update(frame.frame, frame.bodies)
            true = frame.frame.fixed_from_camera
            pose = Pose(wrong.rotation @ true.rotation, true.translation + wrong.translation)
            visible = frame.truth.ids[frame.truth.visible_fraction > VISIBLE] - 1
            told.append(
                Heard(
                    frame.frame.stamp_ns + late, camera,
                    people_in_coordinate_frame(people, pose), pose.translation, visible,
                )
            )  # fmt: skip
    assert simulation is not None
    return sorted(told, key=lambda each: each.stamp_ns), simulation


def rounds(told: list[Heard]) -> Iterator[list[Heard]]:
    """As the node makes them: a list a round."""
    waiting: list[Heard] = []
    for each in told:
        if each.camera in {w.camera for w in waiting}:
            yield waiting
            waiting = []
        waiting.append(each)
    yield waiting


def judge(told: list[Heard], simulation: Simulation, scores: dict[str, Score]) -> list[float]:
    """Adds to the scores of the fused list and of each camera by itself; s of each list."""
    fusion, ids, own_ids = PeopleFusion(), {}, {}
    seconds, visible = [], {}
    for waiting in rounds(told):
        start = time.perf_counter()
        for each in waiting:
            fusion.take(each.camera, each.people, each.stamp_ns, each.position)
        stamp_ns = max(each.stamp_ns for each in waiting)
        people = fusion.people(stamp_ns)
        seconds.append(time.perf_counter() - start)
        visible |= {each.camera: set(each.visible.tolist()) for each in waiting}
        singles: dict[int, list[tuple[float, float]]] = {}
        for each in waiting:
            there = simulation.positions_fixed((each.stamp_ns - START_NS) * 1e-9)
            wanted = set(each.visible.tolist())
            own = own_ids.setdefault(each.camera, {})
            for actor, error in scores["single"].add(each.people, there, wanted, own).items():
                row = int(np.flatnonzero(each.people.track_ids == own[actor])[0])
                spread = np.linalg.det(each.people.position_covariance_cam[row].astype(float))
                singles.setdefault(actor, []).append((float(spread), error))
        if people is not None:
            there = simulation.positions_fixed((stamp_ns - START_NS) * 1e-9)
            found = scores["fused"].add(people, there, set.union(*visible.values()), ids)
            scores["fused"].swallowed += len(singles.keys() - found.keys())
            for actor in found.keys() & singles.keys():
                if len(singles[actor]) > 1:
                    scores["fused"].pairs.append((found[actor], min(singles[actor])[1]))
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[2, 5, 10, 20])
    parser.add_argument("--overlap", type=float, nargs="+", default=[0, 30, 60])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--calibration-cm", type=float, default=5.0)
    parser.add_argument("--calibration-degrees", type=float, default=1.0)
    parser.add_argument("--skew", type=float, default=0.03)
    options, world = parser.parse_args(), World()
    print("people overlap list     rows  twice nobody missed swallowed switches  m (median) inside")
    for count in options.people:
        for overlap in options.overlap:
            scores, seconds = {"single": Score(), "fused": Score()}, []
            for seed in range(options.first_seed, options.first_seed + options.seeds):
                seconds += judge(*heard(count, overlap, seed, world, options), scores)
            for name, s in scores.items():
                shares = f"{100 * s.twice / s.rows:4.1f} % {100 * s.nobody / s.rows:4.1f} %"
                print(
                    f"{count:6} {overlap:7.0f} {name:6} {s.rows:6} {shares} {s.missed:6} "
                    f"{s.swallowed:9} {s.switches:8} {np.median(s.errors):11.3f} "
                    f"{100 * np.mean(s.inside):4.0f} %", flush=True,
                )  # fmt: skip
            fused, surest = np.array(scores["fused"].pairs or [(np.nan, np.nan)]).mean(0)
            print(
                f"{'':14} seen by several: {len(scores['fused'].pairs)} times, mean {fused:.3f} m, "
                f"surest camera {surest:.3f} m; {1e3 * np.median(seconds):.1f} ms a list"
            )


if __name__ == "__main__":
    main()
