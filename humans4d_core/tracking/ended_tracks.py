"""People whose tracks have ended: each is named once more, as LOST."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from ..types import Bodies, People, TrackState


def alive(people: People) -> People:
    """Those who are not LOST."""
    return people.select(people.states != TrackState.LOST)


def as_lost(people: People) -> People:
    """Those of a list who are not LOST yet, as LOST: what follows a list when its tracks end."""
    people = alive(people)
    return replace(
        people,
        states=np.full(len(people), TrackState.LOST, np.uint8),
        confidence=np.zeros(len(people), np.float32),
    )


def can_join(first: People, second: People) -> bool:
    """Whether the bodies of two lists are of one model, or one list is empty."""
    if not len(first) or not len(second):
        return True
    a, b = first.bodies, second.bodies
    return a.body_model == b.body_model and a.vertices_cam.shape[1:] == b.vertices_cam.shape[1:]


def joined_people(first: People, second: People) -> People:
    """The people of two lists that can be joined, one list after the other."""
    if not len(second):
        return first
    if not len(first):
        return second
    arrays: dict[str, Any] = {
        f.name: np.concatenate((getattr(first, f.name), getattr(second, f.name)))
        for f in fields(People)
        if f.name != "bodies"
    }
    return People(**arrays, bodies=_joined_bodies(first.bodies, second.bodies))


def _joined_bodies(first: Bodies, second: Bodies) -> Bodies:
    arrays: dict[str, Any] = {
        f.name: np.concatenate((getattr(first, f.name), getattr(second, f.name)))
        for f in fields(Bodies)
        if isinstance(getattr(first, f.name), np.ndarray) and f.name != "scale"
    }
    scale = None
    if first.scale is not None or second.scale is not None:
        scale = np.concatenate([
            np.ones(len(bodies), np.float32) if bodies.scale is None else bodies.scale
            for bodies in (first, second)
        ])  # fmt: skip
    arrays["scale"] = scale
    return replace(first, **arrays)
