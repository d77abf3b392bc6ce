"""Stamps in the pipeline: late images change nothing, and who ends is LOST once."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from humans4d_core.errors import ImageError
from humans4d_core.pipeline import Pipeline
from humans4d_core.tracking import Tracker
from humans4d_core.tracking.phalp import PhalpConfig, PhalpTracker
from humans4d_core.types import Camera, Detections, Frame, TrackState

PLACES = [(-1, 0, 5), (1, 0, 6)]


@pytest.fixture(params=["default", "phalp-costs"])
def see(request, frame_at, people_at):
    """see(seconds, places, **changes of the frame) -> Result."""
    bodies = []
    detector = SimpleNamespace(start_score=0.5, detect=lambda image: Detections.empty())
    body = SimpleNamespace(num_vertices=4, name="card")
    recovery = SimpleNamespace(name="none", body=body, recover=lambda frame, found: bodies[-1])
    if request.param == "default":
        tracker = Tracker()
    else:
        tracker = PhalpTracker(PhalpConfig(min_score=0.1, min_box_px=(0, 0)))
    pipeline = Pipeline(detector, recovery, tracker)

    def see(seconds, places=PLACES, **changes):
        bodies.append(people_at(places))
        return pipeline.process(replace(frame_at(seconds), **changes))

    see.pipeline = pipeline
    return see


def states(people) -> dict[int, str]:
    named = zip(people.track_ids.tolist(), people.states.tolist(), strict=True)
    return {track_id: TrackState(state).name for track_id, state in named}


def walk(see, start, count=10, period=0.1):
    return [see(start + k * period) for k in range(count)][-1]


def test_a_late_image_leaves_everybody_as_they_were(see):
    before = walk(see, 10)
    assert states(before.people) == {1: "CONFIRMED", 2: "CONFIRMED"}
    late = see(10.85, places=[(0, 0, 3)])
    assert late.is_late and not before.is_late
    assert states(late.people) == states(before.people)
    np.testing.assert_array_equal(late.people.bodies.pelvis_cam, before.people.bodies.pelvis_cam)
    assert states(see(11.0).people) == {1: "CONFIRMED", 2: "CONFIRMED"}


def test_images_in_swapped_order_cost_one_image_and_nobody(see):
    order = [0, 1, 2, 4, 3, 5, 6, 8, 7, 9, 10]
    results = [see(k / 10) for k in order]
    assert [r.is_late for r in results] == [k in (3, 7) for k in order]
    assert states(results[-1].people) == {1: "CONFIRMED", 2: "CONFIRMED"}


def test_a_clock_set_back_by_half_a_second_costs_nobody(see):
    walk(see, 10)
    results = [see(10.5 + k / 10) for k in range(10)]
    assert [r.is_late for r in results] == [True] * 5 + [False] * 5
    assert set(states(results[-1].people)) == {1, 2}


def test_a_jump_back_says_lost_once_and_ids_go_on(see):
    walk(see, 10)
    first = see(3)
    assert states(first.people) == {3: "TENTATIVE", 4: "TENTATIVE", 1: "LOST", 2: "LOST"}
    assert (first.people.last_seen_ns <= 3 * 10**9).all()
    assert states(see(3.1).people).keys() == {3, 4}


def test_a_reset_another_size_and_another_frame_say_lost(see):
    walk(see, 10)
    see.pipeline.reset()
    assert states(see(11).people)[1] == "LOST"
    assert states(see(11.1, frame_id="rear").people)[3] == "LOST"
    small = Frame(np.zeros((240, 320, 3), np.uint8), 0, Camera(300.0, 300.0, 160, 120, 320, 240))
    people = see(11.2, image_bgr=small.image_bgr, camera=small.camera, frame_id="rear").people
    assert states(people)[5] == "LOST" and 3 not in states(people)


def test_lost_is_said_of_those_before_two_resets_without_an_image_between(see):
    walk(see, 10)
    see.pipeline.reset()
    see.pipeline.reset()
    now = states(see(11).people)
    assert [now[1], now[2]] == ["LOST", "LOST"]


def test_one_stamp_far_ahead_does_not_make_all_later_images_late(see):
    walk(see, 10)
    see(1e5)
    after = [see(11 + k / 10) for k in range(10)]
    assert not any(r.is_late for r in after)
    assert (after[-1].people.states == TrackState.CONFIRMED).all()


def test_images_of_one_stamp_make_no_ghosts_and_are_said(see):
    assert len(see(0).people) == 2
    for k in range(9):
        assert states(see(0, places=[(0.1 * k, 0, 4)]).people) == {1: "TENTATIVE", 2: "TENTATIVE"}
    with pytest.raises(ImageError, match="11 images in a row have the stamp 0 ns"):
        see(0)
    # The second image: it confirms sure people, and PHALP' counts further.
    second = "TENTATIVE" if isinstance(see.pipeline.tracker, PhalpTracker) else "CONFIRMED"
    assert states(see(0.1).people) == {1: second, 2: second}


def test_nobody_is_named_again_who_was_lost(see):
    """LOST by age, then a late image, then a restart."""
    walk(see, 10)
    lost = [k for k in range(80) if "LOST" in states(see(11 + k, places=[]).people).values()]
    assert lost
    assert not len(see(91 - 0.5, places=[]).people)
    assert states(see(5).people).keys() == {3, 4}
