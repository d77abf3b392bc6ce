"""The people of several cameras as one list."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np

from ..config.fusion_config import FusionConfig
from ..errors import Humans4dError
from ..shown_text import shown
from ..tracking.ended_tracks import as_lost, can_join, joined_people
from ..types import People, TrackState
from .camera_agreement import CameraAgreement
from .fused_people import people_of_groups
from .identities import Identities, Person
from .sights import Told, predicted, sights_at, usable

#: Cameras' person_ids that are remembered at most.
MOST_NAMES = 10_000


class PeopleFusion:
    """Takes the people of each camera, all in one frame that does not move, and gives one list.

    Ids are kept when people go from one view into the next or are in several at once. Bodies have
    no meshes: see `with_mesh`.
    """

    def __init__(self, config: FusionConfig | None = None):
        self.config = config or FusionConfig()
        self._told: list[Told | None] = []
        self.agreement = CameraAgreement()
        self._identities = Identities()
        self._last: People | None = None  # as published, without who was LOST
        self._last_ns = 0
        self._next_track_id = self._next_person_id = 1
        self._names: dict[tuple[int, int], int] = {}  # camera and its person_id -> ours

    def take(
        self, camera: int, people: People, stamp_ns: int, position: np.ndarray | None = None
    ) -> None:
        """What a camera, named by a number from 0, says of its people at a moment; `position` (3,)
        m is its own. What it said before no longer counts.

        Raises Humans4dError where the bodies are of another model than the other cameras'.
        """
        people = usable(people)
        others = [each.people for n, each in enumerate(self._told) if each and n != camera]
        for other in others:
            if not can_join(people, other):
                raise Humans4dError(
                    f"its people are of the body model '{shown(people.bodies.body_model)}', those "
                    f"of the other cameras of '{shown(other.bodies.body_model)}'"
                )
        self._told += [None] * (camera + 1 - len(self._told))
        self._told[camera] = Told(people, stamp_ns, position)

    def forget(self, camera: int) -> None:
        """A camera has fallen silent: its people do not count until it tells of them again."""
        if camera < len(self._told):
            self._told[camera] = None

    def end(self) -> People | None:
        """Everybody of the last list, as LOST: time has jumped. Ids are not used again."""
        lost = None if self._last is None else as_lost(self._last)
        self._told, self._identities, self._last = [], Identities(), None
        self.agreement = CameraAgreement()
        return lost

    def people(self, stamp_ns: int) -> People | None:
        """The list at a moment after that of the last list. Who was in that and is gone is in this
        one once more, as LOST. None: there has never been anybody."""
        sights = sights_at(stamp_ns, self._told, self.config)
        remembered_ns = round(self.config.remember * 1e9)
        present, groups, seen = self._identities.update(sights, stamp_ns, remembered_ns)
        parts = []
        if seen is not None:
            is_believed = np.array([p.is_believed for p in present])
            parts.append(people_of_groups(sights, groups, seen, is_believed, self._told))
            self._name(present, sights.keys, sights.person_ids)
            several = sights.is_seen
            self.agreement.add(
                stamp_ns, sights.cameras[several], groups[several], sights.positions[several],
                sights.velocities[several],
            )  # fmt: skip
        hidden = [p for p in self._identities.persons if not p.members and p.track_id]
        if hidden:
            parts.append(self._predicted(hidden, stamp_ns))
        ids = [(p.track_id, p.person_id) for p in (*present, *hidden)]
        people = None
        if parts:
            people, numbers = reduce(joined_people, parts), np.array(ids, np.uint32)
            people = replace(people, track_ids=numbers[:, 0], person_ids=numbers[:, 1])
        lost = self._lost({track_id for track_id, _ in ids})
        self._last, self._last_ns = people, stamp_ns
        if people is None or lost is None:
            return lost if people is None else people
        return joined_people(people, lost)

    def _name(
        self, present: list[Person], keys: list[tuple[int, int]], person_ids: np.ndarray
    ) -> None:
        """Ids for who has none: a person_id again where a camera's node says so."""
        named = dict(zip(keys, person_ids.tolist(), strict=True))
        taken = {p.person_id for p in self._identities.persons}
        for person in present:
            names = [(key[0], named[key]) for key in person.members if named.get(key)]
            if not person.track_id:
                person.track_id = self._next_track_id
                self._next_track_id += 1
                known = [self._names[n] for n in names if self._names.get(n, 0) not in {0, *taken}]
                person.person_id = known[0] if known else self._next_person_id
                self._next_person_id += not known
                taken.add(person.person_id)
            for name in names:
                self._names[name] = person.person_id
        while len(self._names) > MOST_NAMES:
            del self._names[next(iter(self._names))]

    def _predicted(self, hidden: list[Person], stamp_ns: int) -> People:
        """Those whom no camera has, as they were, moved on."""
        assert self._last is not None
        row_of = {track_id: row for row, track_id in enumerate(self._last.track_ids.tolist())}
        people = self._last.select(np.array([row_of[p.track_id] for p in hidden]))
        bodies, seconds = people.bodies, (stamp_ns - self._last_ns) * 1e-9
        _, covariance = predicted(
            bodies.pelvis_cam, people.position_covariance_cam, people.velocity_cam,
            people.velocity_covariance_cam, seconds,
        )  # fmt: skip
        way = (seconds * people.velocity_cam).astype(np.float32)
        covariance = covariance.astype(np.float32)
        bodies = replace(
            bodies,
            joints_cam=bodies.joints_cam + way[:, None],
            translation_cam=bodies.translation_cam + way,
            vertices_cam=bodies.vertices_cam[:, :0],
            pelvis_covariance_cam=covariance,
        )
        states = np.where(
            [p.is_believed for p in hidden], TrackState.OCCLUDED, TrackState.TENTATIVE
        ).astype(np.uint8)
        return replace(people, bodies=bodies, states=states, position_covariance_cam=covariance)

    def _lost(self, ids: set[int]) -> People | None:
        """Those of the last list who are not in this one."""
        if self._last is None:
            return None
        gone = [row for row, i in enumerate(self._last.track_ids.tolist()) if i not in ids]
        return as_lost(self._last.select(np.array(gone))) if gone else None
