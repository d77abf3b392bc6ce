"""The scenarios of the simulated crowd: who goes where, what hides them, how well they are seen.

The camera starts at the origin of the fixed frame and looks along x; y is to its left. Each
scenario is made from a seed: other seeds give other people on other ways.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .actors import Actor, CameraPath, Stay, Walk


@dataclass(frozen=True)
class Wall:
    """An upright plate on the floor."""

    start: tuple[float, float]
    end: tuple[float, float]
    height: float = 2.4


@dataclass(frozen=True)
class Sensing:
    """How wrong detections and bodies are."""

    miss: float = 0.04  #: chance that a person in plain view is not detected
    false_per_frame: float = 0.05  #: boxes where nobody is, mean a frame
    duplicates: float = 0.02  #: chance of a second box on a person
    depth_bias: float = 0.05  #: relative, one draw a person
    depth_noise: float = 0.03  #: relative, one draw a body
    lateral_noise: float = 0.02  #: m
    pose_noise: float = 0.10  #: rad, each joint
    shape_noise: float = 0.2  #: of each beta
    box_noise: float = 0.02  #: of the box's height


@dataclass(frozen=True)
class Scenario:
    """Who moves where before which camera, and what is in the way."""

    seconds: float
    rate: float  #: images a second
    actors: tuple[Actor, ...]
    walls: tuple[Wall, ...] = ()
    camera: CameraPath = CameraPath()
    jitter: float = 0.05  #: of a period, uniform to both sides
    dropped: float = 0.0  #: chance that an image does not arrive
    sensing: Sensing = Sensing()


def _crossing(rng: np.random.Generator) -> Scenario:
    """Pairs that pass each other, one behind the other."""
    actors = []
    for k, depth in enumerate((4.0, 5.0, 6.2, 7.5)):
        side = 3.2 if k % 2 else -3.2
        actors.append(Actor((depth, side), (Walk((depth + _spread(rng), -side), _speed(rng)),)))
    return Scenario(6, 15, tuple(actors))


def _same_clothes(rng: np.random.Generator) -> Scenario:
    """Two people dressed alike meet, stand together, and go on or turn back."""
    actors = (
        Actor((5.0, -2.8), (Walk((5.0, -0.35)), Stay(1.5, 0.5), Walk((5.2, 2.8))), clothes=1),
        Actor((5.6, 2.8), (Walk((5.6, 0.3)), Stay(1.8, -0.5), Walk((6.0, 2.9))), clothes=1),
        Actor((4.2, 3.0), (Stay(1.0), Walk((4.0, -3.0), _speed(rng)))),
    )
    return Scenario(8, 12, actors)


def _sitting(rng: np.random.Generator) -> Scenario:
    """People who walk to a chair, sit, turn, rise and go."""
    actors = [
        Actor(
            (4.5 + k, (-1) ** k * 2.8),
            (
                Walk((5.0 + 0.8 * k, (-1) ** k * 1.0), 1.1),
                Stay(1.0, turn=2.0 * (-1) ** k),
                Stay(2.5, seated=True),
                Stay(0.8, turn=_spread(rng)),
                Walk((5.0, (-1) ** k * -2.8)),
            ),
        )
        for k in range(3)
    ]
    return Scenario(10, 10, tuple(actors))


def _walls(rng: np.random.Generator) -> Scenario:
    """People who pass behind plates, some of whom stop there."""
    actors = []
    for k in range(6):
        depth, side = 6.0 + 0.7 * k, 4.5 if k % 2 else -4.5
        halt = (Walk((depth, side / 9)), Stay(1.0)) if k in (2, 5) else ()
        actors.append(Actor((depth, side), (*halt, Walk((depth, -side), _speed(rng)))))
    walls = (Wall((4.5, 0.7), (4.5, -0.6)), Wall((4.8, 2.7), (4.8, 2.0)))
    return Scenario(9, 10, tuple(actors), walls)


def _return(rng: np.random.Generator) -> Scenario:
    """People who leave the image and come back seconds later, from where they left or not."""
    away = (
        Actor((5.0, 0.0), (Walk((5.0, -5.5)), Stay(2.5), Walk((4.6, 0.5)))),
        Actor((6.0, 1.0), (Stay(0.8), Walk((6.0, 6.5)), Stay(1.5), Walk((6.4, 0.0)))),
    )
    stays = Actor((7.0, -2.0), (Walk((7.0, 2.0), 0.6), Walk((7.0, -2.0), 0.6)))
    late = Actor((5.5, 6.0), (Stay(3.0), Walk((5.2, -2.5), _speed(rng))))
    return Scenario(15, 8, (*away, stays, late))


def _driving(rng: np.random.Generator) -> Scenario:
    """A robot drives into a crowd and looks left and right."""
    camera = CameraPath(
        (0, 3, 5, 8, 10),
        ((0, 0), (1.5, 0), (2.0, 0.2), (3.0, 0.2), (3.5, 0)),
        (0, 0.5, -0.1, -0.5, 0),
    )
    actors = wanderers(rng, 8, (6.0, 11.0), (-3.5, 3.5), 10)
    return Scenario(10, 10, actors, camera=camera)


def _turning(rng: np.random.Generator) -> Scenario:
    """A robot on the spot that turns its head fast, away from people and back."""
    camera = CameraPath(
        (0, 1.5, 2.5, 3.5, 4.5, 5.0, 7.0, 8.0, 10),
        ((0, 0),) * 9,
        (0, 0, 0.8, 0.8, -0.5, -0.5, 0.4, -0.2, 0),
    )
    return Scenario(10, 12, wanderers(rng, 6, (4.0, 9.0), (-3.0, 3.0), 10), camera=camera)


def _slow(rng: np.random.Generator) -> Scenario:
    """Two images a second, unevenly."""
    actors = wanderers(rng, 5, (4.5, 9.0), (-2.5, 2.5), 30)
    return Scenario(30, 2, actors, jitter=0.3, dropped=0.05)


def _fast(rng: np.random.Generator) -> Scenario:
    """Thirty images a second, some lost."""
    actors = wanderers(rng, 5, (3.5, 8.0), (-2.5, 2.5), 6)
    return Scenario(6, 30, actors, jitter=0.2, dropped=0.15)


def _noisy(rng: np.random.Generator) -> Scenario:
    """A poor detector: a quarter missed, one false box an image, depth that jumps."""
    actors = wanderers(rng, 6, (4.0, 9.0), (-2.5, 2.5), 10)
    sensing = Sensing(0.25, 1.0, 0.08, 0.08, 0.08, 0.05, 0.2, 0.4, 0.05)
    return Scenario(10, 10, actors, sensing=sensing)


def _crowd(rng: np.random.Generator) -> Scenario:
    """Thirty people seen from above head height, two of each three dressed like another."""
    actors = tuple(
        Actor(a.start, a.actions, clothes=k // 2 if k % 3 else None, heading=a.heading)
        for k, a in enumerate(wanderers(rng, 30, (5.0, 16.0), (-5.0, 5.0), 8))
    )
    camera = CameraPath(height=3.5, pitch=0.25)
    return Scenario(8, 8, actors, camera=camera)


SCENARIOS: dict[str, Callable[[np.random.Generator], Scenario]] = {
    "crossing": _crossing,
    "same-clothes": _same_clothes,
    "sitting": _sitting,
    "walls": _walls,
    "return": _return,
    "driving": _driving,
    "turning": _turning,
    "slow": _slow,
    "fast": _fast,
    "noisy": _noisy,
    "crowd": _crowd,
}


def wanderers(
    rng: np.random.Generator, count: int, x: tuple, y: tuple, seconds: float
) -> tuple[Actor, ...]:
    """People who walk from one random place of a rectangle to the next, and sometimes stay."""
    low, high = np.transpose((x, y))
    actors = []
    for _ in range(count):
        start = place = rng.uniform(low, high)
        actions: list[Walk | Stay] = []
        time = 0.0
        while time < seconds:
            if rng.random() < 0.2:
                stay = Stay(rng.uniform(0.5, 2.0), turn=rng.uniform(-1.5, 1.5))
                actions.append(stay)
                time += stay.seconds
            target, speed = rng.uniform(low, high), _speed(rng)
            actions.append(Walk(tuple(target), speed))
            time += float(np.linalg.norm(target - place)) / speed
            place = target
        actors.append(Actor(tuple(start), tuple(actions), heading=rng.uniform(-np.pi, np.pi)))
    return tuple(actors)


def _speed(rng: np.random.Generator) -> float:
    return float(rng.uniform(0.9, 1.6))


def _spread(rng: np.random.Generator) -> float:
    return float(rng.uniform(-0.5, 0.5))
