import numpy as np
import pytest

from humans4d_core.tracking.scene_turnover import SceneTurnover

SIZE = (640, 480)


def scene(seconds, people, departures, newcomers, height=100.0, step=0.1):
    """A scene watched for `seconds`, in which departures and newcomers are spread evenly."""
    turnover, steps = SceneTurnover(), round(seconds / step)
    for k in range(steps):
        share = [(k + 1) * n // steps - k * n // steps for n in (departures, newcomers)]
        turnover.watch(step, np.full(people, height), share[0], SIZE)
        turnover.welcome(share[1])
    return turnover


def test_where_people_stay_patience_is_all_that_is_allowed():
    assert scene(60, 5, 1, 1).patience(3.0) == 3.0
    assert scene(60, 5, 1, 1).patience(0.2) == 0.2


def test_where_people_pass_by_patience_is_a_share_of_their_stay():
    busy = scene(60, 8, 120, 120)  # 4 s each
    assert busy.mean_stay == pytest.approx(4, rel=0.05)
    assert 0.5 < busy.patience(3.0) < 0.7
    assert scene(60, 8, 4800, 4800).patience(3.0) == 0.3  # a detector's gaps are still bridged


def test_a_stranger_is_the_likelier_the_more_people_appear():
    costs = [scene(60, 8, n, n).alone_cost for n in (0, 10, 60, 200)]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] == 20.0 and costs[-1] == 14.0


@pytest.mark.parametrize("step", [1 / 30, 0.1, 0.5])
def test_the_frame_rate_changes_nothing(step):
    reference, other = scene(60, 5, 30, 30), scene(60, 5, 30, 30, step=step)
    assert other.mean_stay == pytest.approx(reference.mean_stay, rel=0.02)
    assert other.newcomers == pytest.approx(reference.newcomers, rel=0.05)


def test_an_image_of_another_size_changes_nothing():
    """People fill as many pixels more as the image has."""
    turnover = SceneTurnover()
    for _ in range(600):
        turnover.watch(0.1, np.full(5, 300.0), 0, (1920, 1440))
    turnover.welcome(30)
    reference = scene(60, 5, 0, 0)
    reference.welcome(30)
    assert turnover.newcomers == pytest.approx(reference.newcomers)


@pytest.mark.parametrize(("step", "images"), [(0.1, 5), (0.5, 4), (1.0, 4)])
def test_who_was_there_from_the_beginning_is_no_newcomer(step, images):
    """A slow camera's detector needs some images, too."""
    turnover = SceneTurnover()
    for _ in range(images):
        turnover.watch(step, np.full(20, 100.0), 0, SIZE)
    before = turnover.newcomers
    turnover.welcome(20)
    assert turnover.newcomers == before
