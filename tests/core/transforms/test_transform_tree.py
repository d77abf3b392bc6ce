"""The small tf2: what is found at which moment, and what is said where nothing is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp

from humans4d_core.errors import TransformError
from humans4d_core.transforms import transform_tree
from humans4d_core.transforms.transform_bytes import Transform
from humans4d_core.transforms.transform_tree import (
    CACHE_SECONDS,
    FORGET_SECONDS,
    MOST_CHARACTERS,
    MOST_DEPTH,
    MOST_FRAMES,
    TransformTree,
)

SECOND = 10**9
T0 = 1_700_000_000 * SECOND
TURNED = Rotation.from_euler("xyz", (0.3, -0.5, 1.2))
IDENTITY = Rotation.identity()


def transform(parent, child, translation=(0, 0, 0), rotation=IDENTITY, stamp_ns=T0) -> Transform:
    quaternion = tuple(rotation.as_quat().tolist())
    return Transform(
        parent, child, *divmod(stamp_ns, SECOND), tuple(map(float, translation)), quaternion
    )


def a_robot() -> TransformTree:
    """odom -> base moves 1 m/s along x and turns; base -> camera is static, and so is a map."""
    tree = TransformTree()
    tree.insert(transform("map", "odom", (10, 0, 0), stamp_ns=0), is_static=True)
    for tenth in range(11):
        rotation = Rotation.from_rotvec([0, 0, 0.1 * tenth])
        stamp_ns = T0 + tenth * SECOND // 10
        tree.insert(transform("odom", "base", (tenth / 10, 0, 0), rotation, stamp_ns), False)
    tree.insert(transform("base", "camera", (0, 0, 1.5), TURNED, 0), is_static=True)
    return tree


def test_a_chain_is_multiplied_up_at_the_stamp():
    pose = a_robot().lookup("map", "camera", T0 + SECOND // 2)
    turned = Rotation.from_rotvec([0, 0, 0.5]) * TURNED
    np.testing.assert_allclose(pose.rotation, turned.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(pose.translation, (10.5, 0, 1.5), atol=1e-12)


def test_between_two_transforms_it_is_interpolated():
    tree = TransformTree()
    ends = Rotation.from_rotvec([[0.1, 0, 0], [0.4, 1.0, -0.7]])
    tree.insert(transform("odom", "base", (0, 0, 0), ends[0], T0), False)
    tree.insert(transform("odom", "base", (1, 2, -4), ends[1], T0 + SECOND), False)
    pose = tree.lookup("odom", "base", T0 + SECOND // 4)
    np.testing.assert_allclose(pose.translation, (0.25, 0.5, -1), atol=1e-12)
    expected = Slerp([0, 1], ends)(0.25).as_matrix()
    np.testing.assert_allclose(pose.rotation, expected, atol=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=8, max_size=8), st.floats(0, 1))
def test_the_way_there_and_the_way_back_cancel(numbers, share):
    tree = TransformTree()
    quaternions = np.array(numbers).reshape(2, 4) + (0, 0, 0, 3)
    for stamp_ns, quaternion in zip((T0, T0 + SECOND), quaternions, strict=True):
        rotation = Rotation.from_quat(quaternion)
        tree.insert(transform("a", "b", numbers[:3], rotation, stamp_ns), False)
    tree.insert(transform("a", "c", numbers[3:6], TURNED), True)
    stamp_ns = T0 + int(share * SECOND)
    round_trip = tree.lookup("b", "c", stamp_ns) @ tree.lookup("c", "b", stamp_ns)
    np.testing.assert_allclose(round_trip.rotation, np.eye(3), atol=1e-9)
    np.testing.assert_allclose(round_trip.translation, 0, atol=1e-9)


def test_a_frame_is_in_itself_where_it_is():
    pose = TransformTree().lookup("odom", "odom", T0)
    np.testing.assert_array_equal(pose.rotation, np.eye(3))
    np.testing.assert_array_equal(pose.translation, np.zeros(3))


def test_transforms_that_come_in_any_order_are_sorted():
    tree = TransformTree()
    for second in (0, 2, 1, 4, 3):
        tree.insert(transform("odom", "base", (second**2, 0, 0), stamp_ns=T0 + second * SECOND), 0)
    assert tree.lookup("odom", "base", T0 + 3 * SECOND // 2).translation[0] == pytest.approx(2.5)


def test_the_first_of_two_transforms_under_one_stamp_is_replaced():
    tree = TransformTree()
    tree.insert(transform("odom", "base", (1, 0, 0)), False)
    tree.insert(transform("odom", "base", (2, 0, 0)), False)
    assert tree.lookup("odom", "base", T0).translation[0] == 2


def test_a_frame_that_is_hung_elsewhere_is_there_only():
    tree = a_robot()
    tree.insert(transform("gripper", "camera", (0, 0, 0.1)), is_static=True)
    assert tree.lookup("gripper", "camera", T0).translation[2] == pytest.approx(0.1)
    with pytest.raises(TransformError, match="not connected.*'gripper' and 'map'"):
        tree.lookup("odom", "camera", T0)


@pytest.mark.parametrize(
    ("target", "source", "after", "told", "may_still_come"),
    [
        ("odom", "camera", 1.25, "newest transform from 'base' to 'odom' is 0.250 s older", True),
        ("odom", "camera", -0.5, "oldest transform from 'base' to 'odom' is 0.500 s later", False),
        ("odom", "lidar", 0.0, "nobody publishes a transform of 'lidar'", True),
        ("earth", "lidar", 0.0, "nobody publishes a transform of 'earth' or 'lidar'", True),
    ],
)
def test_what_is_not_there_is_said(target, source, after, told, may_still_come):
    with pytest.raises(TransformError, match=told) as caught:
        a_robot().lookup(target, source, T0 + int(after * SECOND))
    assert caught.value.may_still_come is may_still_come


def test_an_empty_tree_says_so():
    with pytest.raises(TransformError, match="no transforms have come yet"):
        TransformTree().lookup("odom", "camera", T0)


def test_frames_that_hang_in_a_circle_are_found_out():
    tree = TransformTree()
    for parent, child in (("a", "b"), ("b", "c"), ("c", "a")):
        tree.insert(transform(parent, child), True)
    with pytest.raises(TransformError, match="hang in a circle: b -> a -> c -> b"):
        tree.lookup("odom", "b", T0)


def test_a_transform_from_long_ago_is_refused_and_changes_nothing():
    tree = a_robot()
    with pytest.raises(TransformError, match="from 'base' to 'odom'.*is a clock wrong"):
        tree.insert(transform("odom", "base", (9, 9, 9), stamp_ns=T0 - 11 * SECOND), False)
    assert tree.lookup("odom", "base", T0 + SECOND).translation[0] == pytest.approx(1)


def test_only_the_recent_past_is_remembered():
    tree = TransformTree()
    for second in range(30):
        tree.insert(transform("odom", "base", stamp_ns=T0 + second * SECOND), False)
    newest = T0 + 29 * SECOND
    tree.lookup("odom", "base", newest - int(CACHE_SECONDS * SECOND))
    with pytest.raises(TransformError, match="oldest"):
        tree.lookup("odom", "base", newest - int((CACHE_SECONDS + 0.5) * SECOND))


def test_frames_of_people_who_left_long_ago_do_not_fill_the_memory():
    now = 0.0
    tree = TransformTree(clock=lambda: now)
    tree.insert(transform("base", "camera"), is_static=True)
    for second in range(2000):
        now = float(second)
        tree.insert(transform("camera", f"body_{second}", stamp_ns=T0 + second * SECOND), False)
    assert len(tree._edges) <= FORGET_SECONDS + 3
    tree.lookup("base", "body_1999", T0 + 1999 * SECOND)


def test_after_a_jump_in_time_only_what_is_static_holds():
    tree = a_robot()
    tree.clear()
    tree.lookup("base", "camera", T0)
    with pytest.raises(TransformError):
        tree.lookup("odom", "camera", T0)
    tree.insert(transform("odom", "base", (7, 0, 0), stamp_ns=T0 - 3600 * SECOND), False)
    assert tree.lookup("odom", "camera", T0 - 3600 * SECOND).translation[0] == 7


@pytest.mark.parametrize("ahead", [60, 10**8])
def test_one_transform_from_the_future_does_not_shut_out_the_present(ahead):
    now = 0.0
    tree = TransformTree(clock=lambda: now)
    tree.insert(transform("odom", "base", stamp_ns=T0), False)
    tree.insert(transform("odom", "base", (9, 9, 9), stamp_ns=T0 + ahead * SECOND), False)
    refused = 0
    for tick in range(1, 21):
        now = tick / 20
        try:
            tree.insert(
                transform("odom", "base", (now, 0, 0), stamp_ns=T0 + tick * 50_000_000), False
            )
        except TransformError:
            refused += 1
    assert 0 < refused < 15
    np.testing.assert_allclose(tree.lookup("odom", "base", T0 + SECOND).translation, (1, 0, 0))


def test_one_old_transform_among_others_changes_nothing():
    now = 0.0
    tree = TransformTree(clock=lambda: now)
    for tick in range(40):
        now = tick / 20
        tree.insert(transform("odom", "base", (now, 0, 0), stamp_ns=T0 + tick * 50_000_000), False)
        with pytest.raises(TransformError, match="is a clock wrong"):
            tree.insert(transform("odom", "base", (9, 9, 9), stamp_ns=T0 - 60 * SECOND), False)
    for tick in (0, 39):
        found = tree.lookup("odom", "base", T0 + tick * 50_000_000)
        np.testing.assert_allclose(found.translation, (tick / 20, 0, 0))


def test_what_is_before_one_transform_of_a_chain_will_not_come():
    """However late another one is."""
    tree = TransformTree()
    tree.insert(transform("odom", "base", stamp_ns=T0), False)
    tree.insert(transform("base", "camera", stamp_ns=T0 + 2 * SECOND), False)
    for target, source in (("odom", "camera"), ("camera", "odom")):
        with pytest.raises(TransformError, match="oldest transform from 'camera'") as caught:
            tree.lookup(target, source, T0 + SECOND)
        assert not caught.value.may_still_come


@pytest.mark.parametrize("depth", [30, MOST_DEPTH])
def test_a_deep_chain_is_climbed(depth):
    tree = TransformTree()
    for number in range(depth):
        tree.insert(transform(f"f{number}", f"f{number + 1}", (0.5, 0, 0)), True)
    assert tree.lookup("f0", f"f{depth}", T0).translation[0] == pytest.approx(depth / 2)


@pytest.mark.parametrize("is_static", [True, False])
def test_a_chain_without_end_is_refused(is_static):
    tree = TransformTree()
    for number in range(MOST_FRAMES - 1):
        tree.insert(transform(f"f{number}", f"f{number + 1}"), is_static)
    with pytest.raises(TransformError, match="hangs under more than 1000 frames") as caught:
        tree.lookup("f0", f"f{MOST_FRAMES - 1}", T0)
    assert not caught.value.may_still_come


def test_a_circle_is_told_in_a_line_and_not_waited_for():
    tree = TransformTree()
    for number in range(900):
        tree.insert(transform(f"frame_{number}", f"frame_{(number + 1) % 900}"), True)
    with pytest.raises(TransformError, match="hang in a circle: frame_7 -> frame_6") as caught:
        tree.lookup("odom", "frame_7", T0)
    assert not caught.value.may_still_come
    assert len(str(caught.value)) < 400


def test_a_long_name_is_refused():
    tree = TransformTree()
    tree.insert(transform("odom", "x" * MOST_CHARACTERS), True)
    for parent, child in (("odom", "x" * 10**6), ("x" * 256, "camera")):
        with pytest.raises(TransformError, match="characters, more than 255: ") as caught:
            tree.insert(transform(parent, child), True)
        assert len(str(caught.value)) < 300
    assert len(tree) == 1


@pytest.mark.parametrize("is_static", [True, False])
def test_of_names_without_end_those_that_are_used_stay(is_static):
    """A camera's mount is published once, for ever."""
    now = 0.0
    tree = TransformTree(clock=lambda: now)
    tree.insert(transform("odom", "base", (1, 0, 0)), True)
    tree.insert(transform("base", "camera", (1, 0, 0)), True)
    for number in range(3 * MOST_FRAMES):
        now = number * 1e-4
        if number % 1000 == 0:  # an image
            assert tree.lookup("odom", "camera", T0).translation[0] == 2
        tree.insert(transform("odom", f"flood_{number}"), is_static)
    assert len(tree) <= MOST_FRAMES
    assert tree.forgotten == 2 * MOST_FRAMES + 2
    tree.lookup("odom", f"flood_{number}", T0)  # the youngest are there, too


def test_a_flood_of_one_frame_shortens_its_past_and_not_that_of_others(monkeypatch):
    monkeypatch.setattr(transform_tree, "MOST_SAMPLES", 20_000)
    tree = TransformTree(clock=lambda: 0.0)
    for second in range(10):
        tree.insert(transform("odom", "base", stamp_ns=T0 + second * SECOND), False)
    flood = transform("odom", "flood", stamp_ns=T0)
    for number in range(21_000):
        tree.insert(flood._replace(nanoseconds=number), False)
    kept = {name: len(edge.stamps_ns) for name, edge in tree._edges.items()}
    assert kept["base"] == 10
    assert sum(kept.values()) == tree._samples <= 20_000
    assert kept["flood"] > 20_000 / 3


def test_many_fast_frames_all_get_a_shorter_past(monkeypatch):
    monkeypatch.setattr(transform_tree, "MOST_SAMPLES", 3000)
    tree = TransformTree(clock=lambda: 0.0)
    for number in range(1000):
        for frame in range(10):
            stamp_ns = T0 + number * SECOND // 1000
            tree.insert(transform("odom", f"f{frame}", stamp_ns=stamp_ns), False)
    kept = [len(edge.stamps_ns) for edge in tree._edges.values()]
    assert sum(kept) <= 3000 and min(kept) > 100
    tree.lookup("f3", "f7", T0 + 990 * SECOND // 1000)
    tree.clear()
    assert (len(tree), tree._samples) == (0, 0)
