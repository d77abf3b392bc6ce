"""Late images, restarts, clocks that stand still: what a stamp means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.stamps import ArrivalStamps, StampMeaning, StampOrder

IN_ORDER, LATE, RESTART = StampMeaning.IN_ORDER, StampMeaning.LATE, StampMeaning.RESTART
START = 1_700_000_000 * 10**9


def judged(seconds, arrivals=None, order=None):
    """The meanings of images with stamps `seconds`, that come at `arrivals`."""
    order = order or StampOrder()
    arrivals = arrivals or [None] * len(seconds)
    return [order.take(START + round(s * 1e9), a) for s, a in zip(seconds, arrivals, strict=True)]


def test_growing_stamps_are_in_order_whatever_the_gaps():
    assert judged([0, 0.001, 0.1, 3600, 1e6]) == [IN_ORDER] * 5


@pytest.mark.parametrize("back", [1e-9, 0.005, 0.5, 0.99])
def test_an_image_a_little_before_the_newest_is_late(back):
    assert judged([0, 2, 2 - back, 2.1]) == [IN_ORDER, IN_ORDER, LATE, IN_ORDER]


@pytest.mark.parametrize("back", [1, 1.5, 60, 1e5])
def test_a_jump_back_of_a_second_or_more_begins_anew(back):
    assert judged([0, 2, 2 - back, 2.1 - back]) == [IN_ORDER, IN_ORDER, RESTART, IN_ORDER]


def test_how_far_a_jump_has_to_be_can_be_set_at_any_time():
    order = StampOrder(restart_seconds=10)
    assert judged([0, 20, 15], order=order) == [IN_ORDER, IN_ORDER, LATE]
    order.restart_seconds = 0.1
    assert judged([19.8], order=order) == [RESTART]


def test_a_burst_of_old_images_is_late_and_the_next_new_one_is_in_order():
    assert judged([0, 0.1, 0.2, 0.3, -0.3, -0.2, -0.1, 0.4]) == [IN_ORDER] * 4 + [LATE] * 3 + [
        IN_ORDER
    ]


def test_a_clock_that_was_set_back_by_less_is_waited_for_until_it_caught_up():
    stamps = [k / 10 for k in range(10)] + [k / 10 - 0.5 for k in range(10, 30)]
    meanings = judged(stamps)
    assert RESTART not in meanings
    assert [m for m in meanings if m is LATE] == [LATE] * 5
    assert meanings[-15:] == [IN_ORDER] * 15


def test_a_loop_that_is_shorter_than_a_jump_is_not_left_out_for_ever():
    """A bag of 0.8 s, played again and again."""
    meanings = judged([k / 10 for _ in range(10) for k in range(9)])
    assert meanings.count(RESTART) >= 3
    late = "".join("L" if m is LATE else "." for m in meanings)
    assert max(map(len, late.split("."))) <= 15


def test_a_second_camera_whose_clock_is_behind_never_restarts_the_first():
    stamps = [s for k in range(100) for s in (k / 10, k / 10 - 0.55)]
    assert judged(stamps) == [IN_ORDER, LATE] * 100


@pytest.mark.parametrize("wrong", [-1e5, -60, -1.2, 1.2, 60, 1e5])
def test_one_wrong_stamp_among_images_that_arrive_ends_nothing(wrong):
    arrivals = [k / 10 for k in range(20)]
    stamps = list(arrivals)
    stamps[10] += wrong
    assert judged(stamps, arrivals) == [IN_ORDER] * 10 + [LATE] + [IN_ORDER] * 9


@pytest.mark.parametrize("step", [-1e5, -60, -1.2])
def test_a_time_that_jumps_back_and_goes_on_is_followed_within_half_a_second(step):
    arrivals = [k / 10 for k in range(30)]
    stamps = [a if a < 1 else a + step for a in arrivals]
    meanings = judged(stamps, arrivals)
    assert meanings.count(RESTART) == 1
    assert meanings.index(RESTART) <= 15
    assert set(meanings[meanings.index(RESTART) + 1 :]) == {IN_ORDER}


def test_a_time_that_jumps_ahead_and_goes_on_is_followed_too():
    arrivals = [k / 10 for k in range(30)]
    meanings = judged([a if a < 1 else a + 1e5 for a in arrivals], arrivals)
    assert RESTART not in meanings
    assert 4 <= meanings.count(LATE) <= 5 and set(meanings[15:]) == {IN_ORDER}


def test_where_nothing_came_for_a_while_any_time_is_believed_at_once():
    assert judged([0, 0.1, -60], [0, 0.1, 3]) == [IN_ORDER, IN_ORDER, RESTART]
    assert judged([0, 0.1, 1e5], [0, 0.1, 3]) == [IN_ORDER] * 3
    # Two seconds went by, and this clock says less than none did.
    assert judged([0, 0.1, 0.05], [0, 0.1, 2.1]) == [IN_ORDER, IN_ORDER, RESTART]


@pytest.mark.parametrize("rate", [0.1, 1, 10])
def test_a_bag_may_be_played_slower_and_faster_and_with_gaps(rate):
    stamps = [0, 0.1, 0.2, 0.3, 5.0, 5.1, 5.2]
    if rate == 10:
        stamps = [k / 10 for k in range(50)]
    assert set(judged(stamps, [s / rate for s in stamps])) == {IN_ORDER}


def test_what_was_said_after_the_newest_makes_earlier_images_late():
    order = StampOrder()
    judged([0, 0.1], [0, 0.1], order)
    order.note(START + 2 * 10**9, 2.0)
    assert judged([1.95, 2.05], [2.05, 2.15], order) == [LATE, IN_ORDER]


def test_images_of_one_stamp_in_a_row_are_counted():
    order = StampOrder()
    assert judged([0, 1, 1, 1], order=order) == [IN_ORDER, IN_ORDER, LATE, LATE]
    assert order.repeats == 2
    judged([1.1], order=order)
    assert order.repeats == 0


@given(
    st.lists(st.tuples(st.integers(-(10**11), 10**11), st.floats(0, 0.4)), min_size=1, max_size=60),
    st.booleans(),
)
def test_what_is_in_order_grows_and_only_a_restart_goes_back(images, has_arrivals):
    order, newest, arrival = StampOrder(), None, 0.0
    for stamp_ns, wait in images:
        arrival += wait
        meaning = order.take(stamp_ns, arrival if has_arrivals else None)
        if meaning is IN_ORDER:
            assert newest is None or stamp_ns > newest
        if meaning is RESTART:
            assert stamp_ns <= newest
        if meaning is not LATE:
            newest = stamp_ns


def test_an_image_without_a_stamp_has_the_time_of_its_arrival():
    stamps = ArrivalStamps()
    assert [stamps.stamp(0, START + k) for k in range(3)] == [START, START + 1, START + 2]
    assert stamps.in_use
    assert stamps.stamp(START + 5, START + 9) == START + 5
    assert not stamps.in_use


def test_stamps_that_stand_still_are_replaced_by_arrivals_until_they_move():
    stamps, period = ArrivalStamps(), 10**8
    given_stamps = [stamps.stamp(7, START + k * period) for k in range(12)]
    first = given_stamps.index(START + 5 * period)
    assert given_stamps[:first] == [7] * first
    assert given_stamps[first:] == [START + k * period for k in range(first, 12)]
    assert stamps.stamp(8, START + 13 * period) == 8


@pytest.mark.parametrize("times", [2, 3])
def test_an_image_that_is_delivered_more_than_once_is_no_clock_that_stands(times):
    stamps = ArrivalStamps()
    for k in range(1, 50):
        for _ in range(times):
            assert stamps.stamp(k * 10**9, START + k * 10**9) == k * 10**9
            assert not stamps.in_use


def test_images_shown_again_while_time_stands_still_stay_the_same_image():
    """A simulation that is paused: its clock stands, too."""
    stamps = ArrivalStamps()
    assert {stamps.stamp(7, START) for _ in range(100)} == {7}


def test_an_image_that_was_of_no_use_may_be_sent_again_and_again():
    stamps = ArrivalStamps()
    sent = [stamps.stamp(7, START + k * 10**9, is_used=False) for k in range(30)]
    assert set(sent) == {7}
