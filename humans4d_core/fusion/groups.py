"""Which sights of several cameras are one person.

Each group is a person, and its sights are of different cameras, but for hidden ones. Groups that
are one person are joined, the surest pair first; a sight that no longer fits the others of its
group leaves it.
"""

from __future__ import annotations

import numpy as np

from ..batch import joined
from .covariance_intersection import intersected
from .same_person import Seen, evidence, square_distance
from .sights import Sights

#: m: groups farther apart than that are not compared.
FARTHEST = 5.0


def seen_of_groups(sights: Sights, groups: np.ndarray, count: int) -> Seen:
    """What is known of `count` groups, from the sights (S,) that are in them; each has one or more.

    Who is seen by any camera is as these say; who is hidden from all as all do.
    """
    rows, is_given = members(groups, sights.is_seen, count)
    # Places and velocities at once: small arrays cost as much as large ones.
    means, covariances, _ = intersected(
        np.concatenate((sights.positions[rows], sights.velocities[rows])),
        np.concatenate((sights.covariances[rows], sights.velocity_covariances[rows])),
        np.concatenate((is_given, is_given)),
    )
    best = best_bodies(sights, rows, is_given)
    dressed = sights.appearance[rows][..., 3::4].sum(-1) * is_given
    clothes = rows[np.arange(count), np.argmax(dressed, axis=1)]
    return Seen(
        means[:count], covariances[:count], means[count:], covariances[count:],
        sights.orients[best], sights.has_pose[best], sights.appearance[clothes],
    )  # fmt: skip


def best_bodies(sights: Sights, rows: np.ndarray, is_given: np.ndarray) -> np.ndarray:
    """The sight of each of `members`' groups whose body is known best: (count,)."""
    known = (sights.joint_confidence[rows] + sights.has_pose[rows]) * is_given
    return rows[np.arange(len(rows)), np.argmax(known, axis=1)]


def members(groups: np.ndarray, is_seen: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Sights of each group, padded: indices (count, M) and whether they count, (count, M) bool.

    Hidden sights count where a group has no other.
    """
    any_seen = np.zeros(count, bool)
    any_seen[groups[is_seen]] = True
    chosen = np.flatnonzero(is_seen | ~any_seen[groups])
    chosen = chosen[np.argsort(groups[chosen], kind="stable")]
    sizes = np.bincount(groups[chosen], minlength=count)
    is_given = np.arange(max(sizes.max(initial=1), 1)) < sizes[:, None]
    rows = np.zeros(is_given.shape, int)
    rows[is_given] = chosen
    return rows, is_given


def strains(sights: Sights, groups: np.ndarray, count: int) -> np.ndarray:
    """Squared Mahalanobis distance (S,) of each seen sight from what the others of its group say
    together; 0 where there are no others."""
    told = np.zeros(len(sights))
    rows, is_given = members(groups, sights.is_seen, count)
    several = np.flatnonzero((is_given.sum(1) > 1) & sights.is_seen[rows[:, 0]])
    if not len(several):
        return told
    rows, is_given = rows[several], is_given[several]
    positions, covariances = sights.positions[rows], sights.covariances[rows]
    # Covariance intersection of the others, of equal weights.
    information = np.linalg.inv(covariances) * is_given[..., None, None]
    weighted = information @ positions[..., None]
    others = (is_given.sum(1) - 1)[:, None, None, None]
    rest = np.linalg.inv((information.sum(1, keepdims=True) - information) / others)
    mean = (rest @ (weighted.sum(1, keepdims=True) - weighted) / others)[..., 0]
    strain = square_distance(positions - mean, covariances + rest)
    told[rows[is_given]] = strain[is_given]
    return told


def joins(
    sights: Sights, groups: np.ndarray, seen: Seen, may_join: np.ndarray, enough: float
) -> list[tuple[int, int]]:
    """Pairs of groups to be joined one after the other, the second into the first.

    may_join: (G, G) bool, symmetric. enough: evidence that a pair needs. What was joined is
    compared anew, with all that its sights say together.
    """
    count = len(seen)
    groups, may_join = groups.copy(), np.triu(may_join, 1)
    near = np.linalg.norm(seen.positions[:, None] - seen.positions[None], axis=-1) < FARTHEST
    told = np.full((count, count), -np.inf)
    first, second = np.nonzero(may_join & near)
    if not len(first):
        return []
    told[first, second] = evidence(seen.select(first), seen.select(second))
    seen_by = np.zeros((count, int(sights.cameras.max(initial=0)) + 1), bool)
    seen_by[groups[sights.is_seen], sights.cameras[sights.is_seen]] = True
    found: list[tuple[int, int]] = []
    while True:
        a, b = divmod(int(np.argmax(told)), count)
        if not told[a, b] >= enough:
            return found
        found.append((a, b))
        groups[groups == b] = a
        seen_by[a] |= seen_by[b]
        told[b], told[:, b] = -np.inf, -np.inf
        own = np.flatnonzero(groups == a)
        now = seen_of_groups(sights.select(own), np.zeros(len(own), int), 1)
        seen = seen.with_rows(np.array([a]), now)
        others = np.flatnonzero(np.isfinite(told[a]) | np.isfinite(told[:, a]))
        told[a], told[:, a] = -np.inf, -np.inf
        others = others[~(seen_by[others] & seen_by[a]).any(1)]
        if len(others):
            fresh = evidence(joined([now] * len(others)), seen.select(others))
            told[np.minimum(a, others), np.maximum(a, others)] = fresh
