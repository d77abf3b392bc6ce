"""Scripts of simulated people and cameras, and where they lead: smooth paths in the fixed frame.

fixed frame: x and y on the floor, z up (m); headings turn from x towards y (rad)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from .gaits import Clip, Gaits

STEP = 1 / 60  #: s between the knots of a path; linear between them
STEP_SMOOTHING = 0.15  #: s, spread of the smoothing of places and headings
SIT_BACK = 0.4  #: m from where a person stands to where the hips are on the seat


@dataclass(frozen=True)
class Walk:
    """Straight to a place."""

    to: tuple[float, float]
    speed: float = 1.3  #: m/s


@dataclass(frozen=True)
class Stay:
    """On the spot, on foot or seated."""

    seconds: float
    turn: float = 0.0  #: rad, all through the time
    seated: bool = False


@dataclass(frozen=True)
class Actor:
    """A person's script. Stands where it ends."""

    start: tuple[float, float]
    actions: Sequence[Walk | Stay]
    clothes: int | None = None  #: who shares the number shares the colours; None: own colours
    heading: float = 0.0  #: rad, before the first step


@dataclass(frozen=True)
class CameraPath:
    """Key poses of a camera that looks level, but for its pitch; still before and after."""

    times: Sequence[float] = (0.0,)
    places: Sequence[tuple[float, float]] = ((0.0, 0.0),)
    headings: Sequence[float] = (0.0,)
    height: float = 1.3
    pitch: float = 0.0  #: rad, downwards

    @property
    def moves(self) -> bool:
        return len(set(map(tuple, self.places))) > 1 or len(set(self.headings)) > 1

    def poses(self, seconds: float) -> tuple[np.ndarray, np.ndarray]:
        """Positions (T, 3) m and rotations (T, 3, 3) from camera to fixed frame, each STEP."""
        t = np.arange(round(seconds / STEP) + 1) * STEP
        x, y = (np.interp(t, self.times, c) for c in np.transpose(self.places))
        heading = _smooth(np.interp(t, self.times, self.headings), 0.3)
        positions = np.column_stack(
            (_smooth(x, 0.3), _smooth(y, 0.3), np.full_like(t, self.height))
        )
        cosine, sine = np.cos(heading), np.sin(heading)
        level = np.cos(self.pitch)
        ahead = np.stack((cosine * level, sine * level, np.full_like(t, -np.sin(self.pitch))), -1)
        right = np.stack((sine, -cosine, np.zeros_like(t)), -1)
        return positions, np.stack((right, np.cross(ahead, right), ahead), -1)


@dataclass(frozen=True)
class Path:
    """What one actor does, each STEP (T knots)."""

    hips: np.ndarray  #: (T, 3) m, hip midpoint in the fixed frame
    heading: np.ndarray  #: (T,) rad, continuous
    walking: np.ndarray  #: (T,) weight of the walk's pose
    seated: np.ndarray  #: (T,) weight of the seat's pose
    walk_phase: np.ndarray  #: (T,) cycles
    stand_phase: np.ndarray  #: (T,) cycles
    walk: Clip
    stand: Clip


def path_of(
    actor: Actor, gaits: Gaits, scale: float, seconds: float, rng: np.random.Generator
) -> Path:
    """An actor's path over `seconds`; scale: leg length over that of betas = 0."""
    walk = gaits.walks[rng.integers(len(gaits.walks))]
    stand = gaits.stands[rng.integers(len(gaits.stands))]
    place, heading, seated = _knots(actor, round(seconds / STEP) + 1)
    place, heading = _smooth(place, STEP_SMOOTHING), _smooth(heading, STEP_SMOOTHING)
    seated = np.clip(_smooth(seated, 0.3), 0, 1)
    speed = np.linalg.norm(np.gradient(place, STEP, axis=0), axis=1)
    walking = np.clip((speed - 0.1) / 0.5, 0, 1) * (1 - seated)
    walk_phase = rng.random() + np.cumsum(speed) * STEP / (walk.length * scale)
    stand_phase = rng.random() + np.arange(len(place)) * STEP / stand.length
    back = np.column_stack((np.cos(heading), np.sin(heading))) * -SIT_BACK
    height = scale * (
        walking * clip_values(walk.hip_heights, walk_phase)
        + seated * gaits.sit.hip_heights[0]
        + (1 - walking - seated) * clip_values(stand.hip_heights, stand_phase)
    )
    hips = np.column_stack((place + seated[:, None] * back, height))
    return Path(hips, heading, walking, seated, walk_phase, stand_phase, walk, stand)


def clip_values(values: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Values (F,) of a cycle at phases (*,) in cycles, linear between its poses."""
    return np.interp(phase % 1.0, np.arange(len(values) + 1) / len(values), [*values, values[0]])


def at(knots: np.ndarray, time: np.ndarray | float) -> np.ndarray:
    """Knots (T, *) at times s, linear between them; the ends hold."""
    step = np.clip(np.asarray(time) / STEP, 0, len(knots) - 1)
    low = np.minimum(step.astype(int), len(knots) - 2)
    share = (step - low).reshape(step.shape + (1,) * (knots.ndim - 1))
    return knots[low] * (1 - share) + knots[low + 1] * share


def _knots(actor: Actor, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place (T, 2), heading (T,) and whether seated (T,), unsmoothed."""
    place, heading = np.array(actor.start, np.float64), actor.heading
    places, headings, seats = [place[None]], [np.array([heading])], [np.zeros(1)]
    for action in actor.actions:
        if isinstance(action, Walk):
            way = np.array(action.to) - place
            steps = max(1, round(np.linalg.norm(way) / action.speed / STEP))
            towards = np.arctan2(way[1], way[0])
            heading += (towards - heading + np.pi) % (2 * np.pi) - np.pi
            share = np.arange(1, steps + 1)[:, None] / steps
            places.append(place + share * way)
            headings.append(np.full(steps, heading))
            seats.append(np.zeros(steps))
            place = np.array(action.to, np.float64)
        else:
            steps = max(1, round(action.seconds / STEP))
            places.append(np.tile(place, (steps, 1)))
            headings.append(heading + action.turn * np.arange(1, steps + 1) / steps)
            seats.append(np.full(steps, float(action.seated)))
            heading += action.turn
    missing = max(0, count - sum(map(len, places)))
    places.append(np.tile(place, (missing, 1)))
    headings.append(np.full(missing, heading))
    seats.append(np.zeros(missing))
    return (
        np.concatenate(places)[:count],
        np.concatenate(headings)[:count],
        np.concatenate(seats)[:count],
    )


def _smooth(values: np.ndarray, seconds: float) -> np.ndarray:
    return gaussian_filter1d(values, seconds / STEP, axis=0, mode="nearest")
