"""Who is who, from list to list: people, and the sights of each camera that are theirs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..batch import joined
from .groups import joins, seen_of_groups, strains
from .same_person import Seen
from .sights import Sights, predicted

#: Evidence (2 log likelihood ratio) from which two sights are one person.
ENOUGH = 2.0
#: s over which the strain of a sight within its group is averaged, and the mean from which on the
#: sight leaves the group: of one person it is 3.
STRAIN_SECONDS, MOST_STRAIN = 0.7, 16.0
#: s for which two may have been there at once and still be one who went from view to view.
OVERLAP = 0.5


@dataclass
class Person:
    """Somebody whom cameras see or have seen."""

    born_ns: int
    track_id: int = 0  #: 0: not published yet
    person_id: int = 0
    is_believed: bool = False  #: a camera has confirmed the person
    members: dict[tuple[int, int], float] = field(default_factory=dict)  #: sights, their strain
    last: Seen | None = None  #: everybody when cameras last had the person
    row: int = 0  #: in `last`
    last_ns: int = 0


class Identities:
    """Keeps the people while cameras' tracks come and go."""

    def __init__(self) -> None:
        self.persons: list[Person] = []
        self._stamp_ns: int | None = None

    def update(
        self, sights: Sights, stamp_ns: int, remembered_ns: int
    ) -> tuple[list[Person], np.ndarray, Seen | None]:
        """Those whom a camera has, the row among them of each sight (S,), and what is known of
        them; `persons` has those as well whom no camera had for `remembered_ns` at most."""
        self._assign(sights, stamp_ns)
        self._split(sights, stamp_ns)
        seen = self._join(sights, stamp_ns)
        self.persons = [
            p for p in self.persons
            if p.members or (p.last is not None and stamp_ns - p.last_ns <= remembered_ns)
        ]  # fmt: skip
        self._stamp_ns = stamp_ns
        present, groups = self._present(sights)
        if not present:
            return present, groups, None
        if seen is None:
            seen = seen_of_groups(sights, groups, len(present))
        believed = np.zeros(len(present), bool)
        believed[groups[sights.is_confirmed]] = True
        for row, person in enumerate(present):
            person.last, person.row, person.last_ns = seen, row, stamp_ns
            person.is_believed |= bool(believed[row])
        return present, groups, seen

    def _present(self, sights: Sights) -> tuple[list[Person], np.ndarray]:
        present = [p for p in self.persons if p.members]
        owner = {key: row for row, person in enumerate(present) for key in person.members}
        return present, np.array([owner[key] for key in sights.keys], int)

    def _assign(self, sights: Sights, stamp_ns: int) -> None:
        """Sights stay with their people; new ones are new people."""
        there, owned = set(sights.keys), set[tuple[int, int]]()
        for person in self.persons:
            person.members = {key: s for key, s in person.members.items() if key in there}
            owned |= person.members.keys()
        self.persons += [
            Person(stamp_ns, members={key: 0.0}) for key in sights.keys if key not in owned
        ]

    def _split(self, sights: Sights, stamp_ns: int) -> None:
        """Sights that have not fitted the others for a while, and second ones of one camera, become
        people of their own."""
        present, groups = self._present(sights)
        keys, seen_rows = sights.keys, np.flatnonzero(sights.is_seen)
        strain = strains(sights, groups, len(present))
        seconds = 0.0 if self._stamp_ns is None else (stamp_ns - self._stamp_ns) * 1e-9
        gain = 1 - np.exp(-max(seconds, 0.0) / STRAIN_SECONDS)
        own: dict[int, list[int]] = {}
        for sight in seen_rows.tolist():
            members, key = present[groups[sight]].members, keys[sight]
            members[key] += gain * (strain[sight] - members[key])
            own.setdefault(int(groups[sight]), []).append(sight)
        for row, rows in own.items():
            members, cameras = present[row].members, set[int]()
            for sight in sorted(rows, key=lambda s: members[keys[s]]):
                key, camera = keys[sight], keys[sight][0]
                if camera in cameras or (cameras and members[key] > MOST_STRAIN):
                    del members[key]
                    self.persons.append(Person(stamp_ns, members={key: 0.0}))
                cameras.add(camera)

    def _join(self, sights: Sights, stamp_ns: int) -> Seen | None:
        """People whom the evidence shows to be one: the older one stays. What is known of those
        whom a camera has, where that is still so."""
        present, groups = self._present(sights)
        gone = [p for p in self.persons if not p.members and p.last is not None]
        if not present:
            return None
        seen = seen_of_groups(sights, groups, len(present))
        if len(present) + len(gone) < 2:
            return seen
        everybody = [*present, *gone]
        known = [seen, *(_remembered(p, stamp_ns) for p in gone)]
        # Published ones first, the older before the younger.
        order = sorted(
            range(len(everybody)),
            key=lambda i: (everybody[i].track_id or np.inf, everybody[i].born_ns),
        )
        place, everybody = np.argsort(order), [everybody[i] for i in order]
        pairs = joins(
            sights, place[groups], joined(known).select(np.array(order)),
            _may_join(everybody, sights), ENOUGH,
        )  # fmt: skip
        for into, out in pairs:
            kept, other = everybody[into], everybody[out]
            kept.members.update(dict.fromkeys(other.members, 0.0))
            other.members, other.last = {}, None
        return None if pairs else seen


def _remembered(person: Person, stamp_ns: int) -> Seen:
    assert person.last is not None
    last = person.last.select(slice(person.row, person.row + 1))
    place, covariance = predicted(
        last.positions, last.covariances, last.velocities, last.velocity_covariances,
        (stamp_ns - person.last_ns) * 1e-9,
    )  # fmt: skip
    changes = {**vars(last), "positions": place, "covariances": covariance}
    return Seen(**changes)


def _may_join(everybody: list[Person], sights: Sights) -> np.ndarray:
    """(G, G) bool, symmetric: pairs that no camera shows to be two. Who has gone can be one only
    with somebody who was not there before."""
    count, cameras = len(everybody), 1 + int(sights.cameras.max(initial=0))
    seen_by, has_by = np.zeros((2, count, cameras), bool)
    seen_now = {key for key, is_seen in zip(sights.keys, sights.is_seen, strict=True) if is_seen}
    for row, person in enumerate(everybody):
        for key in person.members:
            has_by[row, key[0]] = True
            seen_by[row, key[0]] |= key in seen_now
    # Hidden or seen, two tracks of one camera and of no other are two people to that camera.
    alone = has_by.sum(1) == 1
    in_one = (has_by[:, None] & has_by[None]).any(-1) & alone[:, None] & alone[None]
    in_view = (seen_by[:, None] & seen_by[None]).any(-1)
    gone = np.array([not p.members for p in everybody])
    born, last = (np.array([getattr(p, n) for p in everybody]) for n in ("born_ns", "last_ns"))
    too_old = gone[:, None] & (born[None] < last[:, None] - round(OVERLAP * 1e9))
    return ~(in_one | in_view | too_old | too_old.T | (gone[:, None] & gone[None]))
