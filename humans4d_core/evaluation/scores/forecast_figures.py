"""How well the places of the next two seconds are told: ADE, FDE, misses, likelihood.

FDE: distance on the ground at the horizon; ADE: mean of the distances at all horizons up to it;
missed: share of FDE above 1 m; NLL: mean negative log likelihood of the true place under the
published covariance, natural logarithm of 1/m^2 (Rudenko et al., "Human motion trajectory
prediction: a survey", 2020, section 8).
"""

from __future__ import annotations

import numpy as np

from ..ground_positions import mahalanobis
from ..results.people_table import FORECAST_SECONDS, PeopleRows
from ..truth.times import at_images
from .error_rows import numbered
from .figures import Figure, mean_figure
from .scene import NOBODY, Scene

MISSED = 1.0  # m


def forecast_figures(scenes: list[Scene], by_place: dict[str, bool]) -> list[Figure]:
    """Of people who were seen, and are still there at the horizon. by_place: clip -> see Scene."""
    horizons = len(FORECAST_SECONDS)
    errors, unlikely, groups = [], [], []
    for number, scene in enumerate(scenes):
        found = _forecast_errors(scene, by_place[scene.name])
        errors.append(found[0])
        unlikely.append(found[1])
        groups.append(numbered(found[2]) + (number << 40))
    error = np.concatenate([*errors, np.zeros((0, horizons))])
    if not np.isfinite(error).any():
        return []
    nll, group = np.concatenate(unlikely), np.concatenate(groups)
    figures = []
    for k, seconds in enumerate(FORECAST_SECONDS):
        name = f"forecast.{seconds:g}s"
        final = error[:, k]
        missed = np.where(np.isfinite(final), final > MISSED, np.nan)
        figures += [
            mean_figure(f"{name}.FDE", final, group, "m"),
            mean_figure(f"{name}.ADE", error[:, : k + 1].mean(1), group, "m"),
            mean_figure(f"{name}.missed", missed, group, "%", scale=100),
            mean_figure(f"{name}.NLL", nll[:, k], group, ""),
        ]
    return figures


def _forecast_errors(scene: Scene, by_place: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances (R, H) m and negative log likelihoods (R, H) of forecasts, and whose (R,)."""
    found = scene.once(("forecasts", by_place), lambda: _forecasts_judged(scene, by_place))
    return found


def _forecasts_judged(scene: Scene, by_place: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    people = scene.believed
    matched = scene.believed_matches(by_place)
    shown = np.flatnonzero(matched != NOBODY)
    shown = shown[scene.truth.rows.counts[matched[shown]]]
    people, matched = people.select(shown), matched[shown]
    persons = scene.truth.rows.person[matched]
    image = scene.image_rows(people.frame)
    ahead = _true_places_ahead(scene, people, persons, image)
    plane = scene.planes[image]
    error = np.einsum("rij,rhj->rhi", plane, people.forecast_cam - ahead)
    covariance = np.einsum("rij,rhjk,rlk->rhil", plane, people.forecast_covariance_cam, plane)
    with np.errstate(invalid="ignore", divide="ignore"):
        volume = np.linalg.det(np.where(np.isfinite(covariance), covariance, np.nan))
        told = np.isfinite(error).all(-1) & (volume > 0)
        nll = np.full(error.shape[:2], np.nan)
        square = mahalanobis(error[told], covariance[told])
        nll[told] = 0.5 * square + 0.5 * np.log(volume[told]) + np.log(2 * np.pi)
    return np.linalg.norm(error, axis=-1), nll, persons


def _true_places_ahead(
    scene: Scene, people: PeopleRows, persons: np.ndarray, image: np.ndarray
) -> np.ndarray:
    """(R, H, 3) m where each person will truly be, as the camera of row's image sees it.

    Of a camera whose pose nobody knows: as the camera of that later moment sees it.
    """
    truth, images = scene.truth.rows, scene.images
    of_truth = scene.image_rows(truth.frame)
    poses = images.fixed_from_camera
    fixed = np.where(np.isfinite(poses).all((1, 2))[:, None, None], poses, np.eye(3, 4))
    places = np.einsum("rij,rj->ri", fixed[of_truth, :, :3], truth.place_cam)
    places = places + fixed[of_truth, :, 3]
    stamps = images.stamp_ns[of_truth]
    result = np.full((len(people), len(FORECAST_SECONDS), 3), np.nan)
    gap = int(2.5e9 * max(images.seconds, 0.1) / max(len(images), 1))
    for person in np.unique(persons):
        rows = np.flatnonzero(persons == person)
        own = np.flatnonzero((truth.person == person) & np.isfinite(places).all(1))
        own = own[np.argsort(stamps[own], kind="stable")]
        for k, seconds in enumerate(FORECAST_SECONDS):
            moments = people.stamp_ns[rows] + round(seconds * 1e9)
            result[rows, k] = at_images(stamps[own], places[own], moments, gap)
    turn, origin = fixed[image, :, :3], fixed[image, :, 3]
    return np.einsum("rji,rhj->rhi", turn, result - origin[:, None])
