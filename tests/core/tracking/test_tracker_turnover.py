"""What the tracker makes of people who come and go."""

import numpy as np
import pytest

from humans4d_core.tracking import Tracker
from humans4d_core.tracking.scene_turnover import SceneTurnover


@pytest.mark.parametrize("step", [0.5, 1.0])
def test_between_two_images_of_a_slow_camera_nobody_is_missed(
    frame_at, people_at, monkeypatch, step
):
    """However short patience is where people come and go."""
    monkeypatch.setattr(SceneTurnover, "patience", lambda *_: 0.3)
    tracker = Tracker()
    for k in range(10):
        people = tracker.update(frame_at(k * step), people_at((0, 0, 5)))
        assert people.track_ids.tolist() == [1]
    for k in range(10, 13):
        people = tracker.update(frame_at(k * step), people_at(np.zeros((0, 3))))
    assert len(people) == 0


def test_somebody_who_may_be_a_lost_one_is_no_newcomer(frame_at, people_at):
    """An id that breaks does not make a scene busy; somebody far from all does."""
    newcomers = {}
    for where, place in (("near", 0.6), ("far", 2.2)):
        tracker = Tracker()
        for k in range(30):
            seen = [(-1.0, 0, 6)] if k < 20 else [(-1.0 + place, 0, 6)]
            tracker.update(frame_at(k / 10), people_at(seen))
        assert tracker.next_id == 3
        newcomers[where] = tracker._turnover._newcomers
    assert newcomers == {"near": 0, "far": 1}
