from dataclasses import replace

import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.io import MotWriter, SmoothedMotWriter, read_mot
from humans4d_core.types import Camera, Frame, TrackState

#: A stamp (ns) long after people of `make_people` were last seen.
LATER = 10**12


@pytest.fixture
def boxes_file(tmp_path):
    def make(text):
        path = tmp_path / "boxes.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


def test_boxes_are_grouped_by_frame_in_the_files_order(boxes_file):
    boxes = read_mot(
        boxes_file("2,-1,1,2,10,20,0.5\n1,-1,5,6,7,8,0.9,-1,-1,-1\n\n2,-1,3,4,5,6,1\n")
    )
    assert boxes.count == 3 and boxes.skipped == 0
    np.testing.assert_allclose(boxes[1].boxes_px, [[5, 6, 12, 14]])
    np.testing.assert_allclose(boxes[2].boxes_px, [[1, 2, 11, 22], [3, 4, 8, 10]])
    np.testing.assert_allclose(boxes[2].scores, [0.5, 1])
    assert boxes[2].boxes_px.dtype == np.float32
    assert len(boxes[3]) == 0


def test_scores_are_optional_and_cut_to_one(boxes_file):
    boxes = read_mot(boxes_file("1,1,0,0,9,9\n1,2,0,0,9,9,-1\n1,3,0,0,9,9,35.2\n1,4,0,0,9,9,-0.3"))
    np.testing.assert_allclose(boxes[1].scores, [1, 1, 1, 0])


def test_boxes_that_cannot_be_used_are_skipped_and_counted(boxes_file):
    lines = ["1,-1,0,0,0,0,1", "1,-1,5,5,1,1,1", "1,-1,nan,0,9,9,1", "1,-1,0,0,inf,9,1"]
    lines += ["1,-1,0,0,-5,9,1", "1,-1,0,0,9,9,nan", "1,-1,0,0,9,9,1"]
    boxes = read_mot(boxes_file("\n".join(lines)))
    assert boxes.skipped == 6 and boxes.count == 1 and len(boxes[1]) == 1


def test_a_file_of_unusable_boxes_only_is_an_empty_result(boxes_file):
    boxes = read_mot(boxes_file("1,-1,0,0,0,0,1"))
    assert boxes.count == 0 and boxes.skipped == 1 and len(boxes[1]) == 0


@pytest.mark.parametrize("line", ["1,-1,2,3,4", "1,-1,a,3,4,5,1", "1 -1 2 3 4 5", "x,1,2,3,4,5"])
def test_a_malformed_line_is_named(boxes_file, line):
    with pytest.raises(InputFileError, match=r"line 3: .*is not frame,id,x,y,w,h"):
        read_mot(boxes_file(f"1,-1,1,1,9,9,1\n\n{line}\n"))


@pytest.mark.parametrize("frame", ["0", "-1", "1.5", "nan", "inf", "1e300"])
def test_a_frame_that_is_no_whole_number_from_1_is_named(boxes_file, frame):
    with pytest.raises(InputFileError, match="line 1: frame"):
        read_mot(boxes_file(f"{frame},-1,1,1,9,9,1"))


@pytest.mark.parametrize(("content", "reason"), [("\n", "no boxes"), (b"\xff\xfe\x00", "text")])
def test_a_file_without_boxes_is_refused(boxes_file, content, reason):
    with pytest.raises(InputFileError, match=reason):
        read_mot(boxes_file(content))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="No such file"):
        read_mot(tmp_path / "none.txt")


def in_the_middle(people, lateral=0.1, depth=2.0, x=320.0):
    """People 5 m ahead whose place across the ray has a deviation of `lateral` m."""
    n = len(people)
    joints = np.zeros((n, 24, 3), np.float32)
    joints[..., 2] = 5
    boxes = np.tile(np.float32([x - 20, 200, x + 20, 300]), (n, 1))
    covariance = np.tile(np.diag(np.float32([lateral, lateral, depth]) ** 2), (n, 1, 1))
    bodies = replace(people.bodies, joints_cam=joints, boxes_px=boxes)
    return replace(people, bodies=bodies, position_covariance_cam=covariance)


@pytest.mark.parametrize(
    ("place", "written"), [({}, 1), ({"lateral": 0.5}, 0), ({"depth": 9.0}, 1), ({"x": 700.0}, 0)]
)
def test_the_hidden_are_written_while_their_place_is_known_in_the_image(
    tmp_path, make_people, place, written
):
    path = tmp_path / "tracks.txt"
    with MotWriter(path, with_predicted=True) as writer:
        writer.write(frame_of(1), in_the_middle(make_people(TrackState.OCCLUDED), **place))
    assert len(path.read_text().splitlines()) == written


def frame_of(number):
    camera = Camera.from_fov(640, 480, 1.0)
    return Frame(np.zeros((480, 640, 3), np.uint8), number * 10**8, camera, number=number)


@pytest.mark.parametrize(("with_predicted", "written"), [(False, 1), (True, 2)])
def test_people_out_of_sight_are_written_where_that_is_wanted(
    tmp_path, make_people, with_predicted, written
):
    people = in_the_middle(make_people(
        TrackState.CONFIRMED, TrackState.OCCLUDED, TrackState.TENTATIVE, TrackState.LOST
    ))  # fmt: skip
    path = tmp_path / "tracks.txt"
    with MotWriter(path, with_predicted) as writer:
        writer.write(frame_of(1), people)
    ids = [int(line.split(",")[1]) for line in path.read_text().splitlines()]
    assert ids == people.track_ids[:written].tolist()


def test_confirmed_people_are_written_and_read_back(tmp_path, make_people):
    people = make_people(TrackState.TENTATIVE, TrackState.CONFIRMED, TrackState.OCCLUDED)
    path = tmp_path / "tracks.txt"
    with MotWriter(path) as writer:
        writer.write(frame_of(1), people)
        writer.write(frame_of(2), people.select(np.zeros(3, bool)))
        writer.write(frame_of(3), people)
    assert [line.split(",")[:2] for line in path.read_text().splitlines()] == [
        ["1", "2"],
        ["3", "2"],
    ]
    boxes = read_mot(path)
    np.testing.assert_allclose(boxes[3].boxes_px, people.bodies.boxes_px[1:2], atol=0.011)
    np.testing.assert_allclose(boxes[3].scores, [0.1], atol=1e-4)


def test_looking_back_fills_short_gaps_smooths_and_adds_the_first_sights(tmp_path, make_people):
    rng, path = np.random.default_rng(0), tmp_path / "tracks.txt"
    seen = {number: 320 + 2 * number + rng.normal(0, 4) for number in range(1, 61)}
    for hidden in (*range(20, 25), *range(40, 55)):  # half a second, then one and a half
        del seen[hidden]
    with SmoothedMotWriter(path) as writer:
        for number in range(1, 61):
            frame = frame_of(number)
            state = TrackState.TENTATIVE if number < 3 else TrackState.CONFIRMED
            if number not in seen:
                state = TrackState.OCCLUDED
            people = in_the_middle(make_people(state), x=seen.get(number, 0.0))
            at = frame.stamp_ns if number in seen else 0
            writer.write(frame, replace(people, last_seen_ns=np.array([at])))
    rows = np.array([[float(v) for v in line.split(",")[:6]] for line in open(path)])
    assert rows[:, 0].tolist() == [n for n in range(1, 61) if not 40 <= n < 55]
    centers = rows[:, 2] + rows[:, 4] / 2
    truth = 320 + 2 * rows[:, 0]
    measured = np.array([seen.get(int(n), np.nan) for n in rows[:, 0]])
    assert np.abs(centers - truth).mean() < 0.7 * np.nanmean(np.abs(measured - truth))


def test_looking_back_leaves_out_who_was_never_confirmed(tmp_path, make_people):
    path = tmp_path / "tracks.txt"
    with SmoothedMotWriter(path) as writer:
        for number in (1, 2):
            frame = frame_of(number)
            people = in_the_middle(make_people(TrackState.TENTATIVE))
            writer.write(frame, replace(people, last_seen_ns=np.array([frame.stamp_ns])))
    assert path.read_text() == ""
