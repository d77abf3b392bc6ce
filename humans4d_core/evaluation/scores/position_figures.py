"""How far people are from where they are, and whether the covariance says so.

Coverage: the share of errors inside the ellipse that the published covariance gives for a chance;
NEES: the mean of squared Mahalanobis distances over the degrees of freedom, 1 where the covariance
is honest, more where it is too small (Bar-Shalom et al., "Estimation with Applications to Tracking
and Navigation", 2001, section 5.4).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2

from .bands import bands
from .error_rows import ErrorRows
from .figures import Figure, error_figures, mean_figure

#: Percent of the ellipses whose coverage is told.
ELLIPSES = (50, 90, 95, 99)


def position_figures(errors: ErrorRows) -> list[Figure]:
    """On the ground, of everybody who was found, and by distance, hiding, border and state."""
    found = errors.select(errors.is_found & np.isfinite(errors.position_error))
    if not len(found):
        return []
    figures: list[Figure] = []
    groups = found.groups
    parts = list(bands(found.distance, found.hidden, found.at_border, found.is_seen))
    for where, mask in parts:
        figures += error_figures(
            "position_error", found.position_error[mask], groups[mask], "m", where
        )
    for where, mask in parts:
        figures += error_figures(
            "velocity_error", found.velocity_error[mask], groups[mask], "m/s", where
        )
    for where, mask in parts:
        figures += honesty_figures(found.mahalanobis[mask], groups[mask], where)
    return figures


def honesty_figures(squares: np.ndarray, groups: np.ndarray, where: str) -> list[Figure]:
    """Coverage and NEES of squared Mahalanobis distances (R,) of 2 degrees of freedom."""
    figures = []
    for percent in ELLIPSES:
        inside = np.where(np.isfinite(squares), squares <= chi2.ppf(percent / 100, 2), np.nan)
        figures.append(mean_figure(f"coverage.{percent}", inside, groups, "%", where, 100))
    return [*figures, mean_figure("NEES", squares, groups, "", where, 0.5)]


def recall_figures(errors: ErrorRows) -> list[Figure]:
    """Of true rows, how many somebody was published for, seen or predicted; by the same parts."""
    groups = errors.groups
    return [
        mean_figure("found", errors.is_found[mask], groups[mask], "%", where, 100)
        for where, mask in bands(
            errors.distance, errors.hidden, errors.at_border,
            errors.is_seen | ~errors.is_found,
        )
        if where not in ("seen", "predicted")
    ]  # fmt: skip
