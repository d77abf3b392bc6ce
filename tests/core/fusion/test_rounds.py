"""When a list is due, whatever the cameras' rates and clocks."""

import numpy as np
import pytest
from placed_people import placed_people

from humans4d_core.config import FusionConfig
from humans4d_core.fusion import ListRounds, PeopleFusion
from humans4d_core.fusion.rounds import MOST_PEOPLE

MS = 10**6
#: s: the steady clock when stamps are 0.
CLOCK = 100.0


@pytest.fixture
def rounds():
    return ListRounds(PeopleFusion(FusionConfig(window=0.05)), 2)


def tell(rounds, camera, stamp_ms, came_ms=None, clock=None):
    """Stamps of the lists that are due when a camera tells at `came_ms` of people at `stamp_ms`."""
    now = CLOCK + (stamp_ms if came_ms is None else came_ms) / 1e3
    people = placed_people([[camera * 5.0, 0, 1]], seen_ns=stamp_ms * MS)
    clock = now - CLOCK if clock is None else clock
    lists = rounds.take(camera, people, stamp_ms * MS, None, now, clock)
    return [stamp // MS for stamp, _ in lists]


def over(rounds, ms):
    return [stamp // MS for stamp, _ in rounds.wait_over(CLOCK + ms / 1e3)]


def test_a_list_goes_out_with_the_last_of_the_cameras(rounds):
    assert tell(rounds, 0, 1000) == [1000]  # nothing is known of the second camera yet
    assert tell(rounds, 1, 1010) == []
    assert tell(rounds, 0, 1100) == [1100]
    assert tell(rounds, 0, 1200) == [] and tell(rounds, 1, 1210) == [1210]


def test_it_waits_no_longer_than_the_window(rounds):
    tell(rounds, 0, 1000), tell(rounds, 1, 1005)
    over(rounds, 1060)
    assert tell(rounds, 0, 1100) == []
    assert over(rounds, 1140) == [] and over(rounds, 1151) == [1100] and over(rounds, 1300) == []


def test_a_fast_camera_does_not_wait_for_a_slow_one(rounds):
    tell(rounds, 1, 1000)
    stamps = [s for ms in range(1010, 1100, 10) for s in tell(rounds, 0, ms)]
    assert stamps == sorted(set(stamps)) and len(stamps) >= 8


def test_stamps_of_lists_grow_whatever_comes(rounds):
    stamps = []
    for camera, stamp, came in [
        (0, 1000, 1000), (1, 900, 1005), (1, 950, 1010), (0, 980, 1020), (0, 1100, 1100),
        (1, 1000, 1110), (1, 1050, 1120), (0, 1200, 1200),
    ]:  # fmt: skip
        stamps += tell(rounds, camera, stamp, came) + over(rounds, came + 60)
    assert stamps == sorted(set(stamps)) and stamps[-1] == 1200


def test_late_and_unordered_messages_are_counted_and_left_out(rounds):
    tell(rounds, 0, 5000)
    assert tell(rounds, 1, 4400, 5001) == [] and rounds.cameras[1].late == 1
    assert tell(rounds, 0, 5000, 5010) == [] and rounds.cameras[0].unordered == 1
    assert rounds.cameras[0].received == 2


@pytest.mark.parametrize("wrong", [-3600_000, 3600_000])
def test_a_camera_with_another_clock_stops_nobody(rounds, wrong):
    wrong += 7200_000
    lists = []
    for ms in range(7200_000, 7201_000, 100):
        lists += tell(rounds, 1, wrong + ms - 7200_000, ms, ms / 1e3)
        lists += tell(rounds, 0, ms, ms, ms / 1e3)
    assert [s for s in lists if s >= 7200_100 and s < 7201_000] == list(
        range(7200_100, 7201_000, 100)
    )
    assert rounds.cameras[1].other_clock >= 8
    assert abs(rounds.cameras[1].clock_ahead) == pytest.approx(3600, abs=1)


def test_when_time_jumps_back_everybody_is_lost_and_ids_go_on(rounds):
    tell(rounds, 0, 60_000), tell(rounds, 1, 60_010)
    over(rounds, 60_060)
    people = placed_people([[0, 0, 1]])
    lists = rounds.take(0, people, 1000 * MS, None, CLOCK + 60.1, 1.0)
    assert rounds.restarts == 1
    assert set(lists[0][1].track_ids.tolist()) == {1, 2}
    assert lists[-1][0] == 1000 * MS
    assert 3 in lists[-1][1].track_ids


def test_a_silent_camera_is_not_waited_for_and_its_people_go(rounds):
    tell(rounds, 0, 1000), tell(rounds, 1, 1005)
    over(rounds, 1060)
    for ms in range(1100, 6000, 100):
        due = tell(rounds, 0, ms)
        over(rounds, ms + 60)
    assert due == [5900]
    assert not rounds.is_live(1, CLOCK + 6)
    assert len(rounds.fusion.people(6100 * MS)) == 1


def test_of_a_message_with_a_thousand_people_the_surest_are_kept(rounds):
    places = np.random.default_rng(0).uniform(-300, 300, (1000, 3))
    people = placed_people(places)
    people.confidence[:] = np.linspace(0, 1, 1000)
    ((_, fused),) = rounds.take(0, people, 1000 * MS, None, CLOCK + 1, 1.0)
    assert len(fused) == MOST_PEOPLE and rounds.cameras[0].crowded == 1000 - MOST_PEOPLE
    assert fused.confidence.min() > 0.79
