"""What the released tracker computed, cut down to what is compared."""

import numpy as np
import pytest
from places import DATA


@pytest.fixture(scope="session")
def distances():
    """Of 5 tracks and 3 bodies; locations are x, y (padded square), camera translation, and
    intervals (x, y, factor of z)."""
    with np.load(DATA / "phalp_distances.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="session")
def scenario():
    """150 frames of 6 people: what was seen, and what four configurations made of it."""
    with np.load(DATA / "phalp_scenario.npz") as arrays:
        return dict(arrays)
