"""Truth files made from the toolkits' own field lists, and read at the images they are of."""

import json

import numpy as np
import pytest
from made_people import made_people
from made_scenes import make_images
from places import SHARED
from scipy.spatial.transform import Rotation

from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.evaluation.truth import TruthOptions, read_truth
from humans4d_core.io import PeopleWriter
from humans4d_core.types import Pose, TrackState

IMAGES = make_images(10)
START = int(IMAGES.stamp_ns[0])


def write(tmp_path, text, name="gt.txt"):
    path = tmp_path / name
    path.write_text(text)
    return path


def read(path, images=IMAGES, **options):
    return read_truth(path, images, TruthOptions(**options))


class TestMot:
    def test_mot15_has_marks_and_no_classes(self, tmp_path):
        truth = read(write(tmp_path, "1,1,10,20,30,60,1,-1,-1,-1\n2,2,10,20,30,60,0,-1,-1,-1\n"))
        assert truth.rows.frame.tolist() == [1, 2]
        assert truth.rows.counts.tolist() == [True, False]
        np.testing.assert_array_equal(truth.rows.box[0], [10, 20, 40, 80])
        assert np.isnan(truth.rows.hidden).all() and not truth.has_places
        assert truth.frames.tolist() == list(range(1, 11))

    def test_mot17_has_classes_and_visibility(self, tmp_path):
        truth = read(write(tmp_path, "1,1,10,20,30,60,1,1,0.25\n1,2,10,20,30,60,1,8,1\n"))
        assert truth.rows.counts.tolist() == [True, False]  # class 8 is a distractor
        np.testing.assert_allclose(truth.rows.hidden, [0.75, 0.0])

    def test_places_on_the_ground_are_told_where_the_camera_is_known(self, tmp_path):
        path = write(tmp_path, "1,1,10,20,30,60,1,3.0,4.0,0\n2,1,10,20,30,60,1,3.5,4.5,0\n")
        assert "camera.json" in read(path).notes[0]
        turn = Rotation.from_euler("x", 90, degrees=True).as_matrix()  # looks along the world's y
        camera = {"R_world_to_cam": turn.tolist(), "t_world_to_cam_m": [0.0, 1.5, 0.0]}
        write(tmp_path, json.dumps(camera), "camera.json")
        truth = read(path)
        np.testing.assert_allclose(truth.up_cam, turn @ (0, 0, 1), atol=1e-12)
        np.testing.assert_allclose(truth.rows.place_cam[0], turn @ (3, 4, 0) + (0, 1.5, 0))

    def test_rows_without_a_place_have_none_also_where_the_camera_is_known(self, tmp_path):
        camera = {"R_world_to_cam": np.eye(3).tolist(), "t_world_to_cam_m": [0.0, 0.0, 5.0]}
        write(tmp_path, json.dumps(camera), "camera.json")
        path = write(tmp_path, "1,1,10,20,30,60,1,-1,-1,-1\n2,1,10,20,30,60,1,2.0,3.0,0\n")
        places = read(path).rows.place_cam
        assert np.isnan(places[0]).all()
        np.testing.assert_allclose(places[1], [2.0, 3.0, 5.0])

    def test_rows_beyond_the_clip_are_counted(self, tmp_path):
        truth = read(write(tmp_path, "1,1,10,20,30,60,1\n99,1,10,20,30,60,1\n"))
        assert (len(truth.rows), truth.unmatched) == (1, 1)

    def test_frames_that_begin_at_0_are_refused(self, tmp_path):
        with pytest.raises(InputFileError, match="frame 0 is not a whole number from 1"):
            read(write(tmp_path, "0,1,10,20,30,60,1\n"))

    def test_ids_that_are_no_whole_numbers_are_refused(self, tmp_path):
        with pytest.raises(InputFileError, match="id 1.5 is not a whole number"):
            read(write(tmp_path, "1,1.5,10,20,30,60,1\n"))

    def test_another_clips_truth_is_refused(self, tmp_path):
        with pytest.raises(InputFileError, match="frames 500 to 500"):
            read(write(tmp_path, "500,1,10,20,30,60,1\n"))


class TestKitti:
    LINE = "{} {} {} 0 {} -1.5 100 50 140 150 1.7 0.6 0.8 2.0 1.5 8.0 -1.5\n"

    def test_pedestrians_count_others_do_not(self, tmp_path):
        lines = [self.LINE.format(0, k, kind, 0) for k, kind in
                 enumerate(("Pedestrian", "Person_sitting", "Cyclist", "Car"))]  # fmt: skip
        truth = read(write(tmp_path, "".join(lines), "0016.txt"))
        assert truth.rows.counts.tolist() == [True, False, False]
        assert truth.rows.frame.tolist() == [1, 1, 1]
        np.testing.assert_array_equal(truth.rows.place_cam[0], [2.0, 1.5, 8.0])
        np.testing.assert_array_equal(truth.up_cam, [0, -1, 0])

    def test_hiding_and_regions_of_which_nothing_is_known(self, tmp_path):
        lines = [self.LINE.format(0, k, "Pedestrian", k) for k in range(4)]
        region = "0 -1 DontCare -1 -1 -10 0 0 600 100 -1000 -1000 -1000 -10 -1 -1 -1\n"
        truth = read(write(tmp_path, "".join(lines) + 2 * region, "0016.txt"))
        np.testing.assert_allclose(truth.rows.hidden[:4], [0, 0.35, 0.75, np.nan])
        assert len(set(truth.rows.person[4:].tolist())) == 2
        assert (truth.rows.person[4:] < 0).all()

    def test_the_calibration_moves_places_into_the_left_colour_camera(self, tmp_path):
        (tmp_path / "calib").mkdir()
        (tmp_path / "label_02").mkdir()
        path = write(tmp_path, self.LINE.format(0, 1, "Pedestrian", 0), "label_02/0016.txt")
        assert "calib" in read(path).notes[0]
        write(tmp_path, "P2: 700 0 600 42 0 700 180 0 0 0 1 0\n", "calib/0016.txt")
        truth = read(path)
        assert truth.notes == ()
        np.testing.assert_allclose(truth.rows.place_cam[0], [2.0 + 42 / 700, 1.5, 8.0])

    def test_the_real_labels_are_read(self):
        path = SHARED / "media/kitti/label_02/0016.txt"
        if not path.is_file():
            pytest.skip("no media here")
        truth = read(path, make_images(209))
        assert truth.rows.counts.sum() > 500
        assert truth.unmatched == 0


class TestJrdb:
    def label(self, person, **box):
        box = list(box["box"]) if "box" in box else box
        attributes = {"occlusion": "Mostly_visible"}
        return {"label_id": f"pedestrian:{person}", "box": box, "attributes": attributes}

    def test_boxes_in_the_image(self, tmp_path):
        labels = {"000001.jpg": [self.label(4, box=(10, 20, 30, 60)),
                                 {"label_id": "car:1", "box": [0, 0, 1, 1]}]}  # fmt: skip
        truth = read(write(tmp_path, json.dumps({"labels": labels}), "x.json"))
        assert (truth.rows.frame.tolist(), truth.rows.person.tolist()) == ([2], [4])
        np.testing.assert_array_equal(truth.rows.box[0], [10, 20, 40, 80])
        assert truth.rows.hidden[0] == 0.25

    def test_places_around_the_robot_need_the_cameras_place_in_there(self, tmp_path):
        box = {"cx": 5.0, "cy": 1.0, "cz": -0.5, "l": 0.6, "w": 0.6, "h": 1.7, "rot_z": 0.0}
        labels = {"labels": {"000000.pcd": [self.label(4, **box)]}}
        path = write(tmp_path, json.dumps(labels), "x.json")
        with pytest.raises(InputFileError, match="--camera-in-truth"):
            read(path)
        # The optical frame of a camera that looks forward, 1 m up.
        turn = Rotation.from_matrix([[0, 0, 1], [-1, 0, 0], [0, -1, 0]])
        truth = read(path, camera_in_truth=Pose(turn.as_matrix(), [0, 0, 1.0]))
        np.testing.assert_allclose(truth.rows.place_cam[0], [-1.0, 1.5, 5.0], atol=1e-12)
        np.testing.assert_allclose(truth.up_cam, [0, -1, 0], atol=1e-12)

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            "[]",
            '{"labels": 3}',
            '{"labels": {"a.jpg": [3]}}',
            '{"labels": {"0.jpg": [{"label_id": "pedestrian:x"}]}}',
        ],
    )
    def test_what_is_none_is_refused(self, tmp_path, text):
        with pytest.raises(InputFileError):
            read(write(tmp_path, text, "x.json"))


class TestTrajectories:
    def text(self, stamps_s, x):
        lines = ["# stamp tx ty tz qx qy qz qw"]
        lines += [f"{START * 1e-9 // 1:.0f}.{round(s * 1e9):09d} {v} 0.5 4.0 0 0 0 1"
                  for s, v in zip(stamps_s, x, strict=True)]  # fmt: skip
        return "\n".join(lines) + "\n"

    def test_places_between_two_stamps_are_on_the_line(self, tmp_path):
        path = write(tmp_path, self.text([0.04, 0.14, 0.24], [0.0, 1.0, 2.0]), "person.tum")
        truth = read(path, frame="camera", tolerance=0.07)
        assert truth.frames.tolist() == [2, 3]
        np.testing.assert_allclose(truth.rows.place_cam[:, 0], [0.6, 1.6], atol=1e-6)

    def test_a_truth_of_another_clock_has_no_image(self, tmp_path):
        path = write(tmp_path, "12.0 0 0 4 0 0 0 1\n13.0 0 0 4 0 0 0 1\n", "person.tum")
        truth = read(path, frame="camera")
        assert (len(truth.frames), truth.unmatched) == (0, 2)

    def test_whose_frame_it_is_is_asked_for_by_name(self, tmp_path):
        path = write(tmp_path, self.text([0, 1], [0, 0]), "person.tum")
        with pytest.raises(InputFileError, match="--truth-frame"):
            read(path)
        with pytest.raises(InputFileError, match="--fixed-frame"):
            read(path, frame="fixed")

    def test_a_fixed_frame_is_left_by_the_cameras_pose(self, tmp_path):
        poses = np.tile(np.eye(3, 4), (10, 1, 1))
        poses[:, 2, 3] = np.arange(10) * 0.1
        images = make_images(10, poses=poses)
        path = write(tmp_path, self.text([0, 0.9], [0, 0]), "person.tum")
        truth = read(path, images, frame="fixed", tolerance=1.0)
        np.testing.assert_allclose(truth.rows.place_cam[:, 2], 4.0 - 0.1 * np.arange(10), atol=1e-9)

    @pytest.mark.parametrize("line", ["1 2 3", "a b c d", "1 2 3 nan", "1 2 3 4 5"])
    def test_lines_of_something_else_are_named(self, tmp_path, line):
        path = write(tmp_path, f"1 2 3 4\n{line}\n", "person.tum")
        with pytest.raises(InputFileError, match="line 2"):
            read(path, frame="camera")


def test_triangulated_joints_are_read_by_the_cameras_name():
    path = SHARED / "media/pose2sim/single_static/truth.npz"
    if not path.is_file():
        pytest.skip("no media here")
    truth = read(f"{path}#cam01")
    assert len(truth.rows) == 10 and truth.has_joints
    assert np.linalg.norm(truth.up_cam) == pytest.approx(1)
    assert truth.up_cam[1] < -0.5  # the image's y points down
    with pytest.raises(InputFileError, match="cam99"):
        read(f"{path}#cam99")


def test_another_run_is_a_truth(tmp_path):
    people = made_people(2, [TrackState.CONFIRMED, TrackState.OCCLUDED])
    with PeopleWriter(tmp_path / "people.jsonl") as file:
        file.write(1, START + 3_000_000, people)
        file.write(2, START + 900_000_000_000, people)
    truth = read(tmp_path)
    assert truth.rows.frame.tolist() == [1]
    assert truth.unmatched == 1
    np.testing.assert_allclose(truth.rows.place_cam[0], people.bodies.pelvis_cam[0], atol=1e-4)


def test_what_cannot_be_told_is_asked_for(tmp_path):
    with pytest.raises(InputFileError, match="--truth-format"):
        read(write(tmp_path, "hello world\n"))
    with pytest.raises(Humans4dError, match="is not one of mot"):
        read(tmp_path / "gt.txt", format="mott")
    with pytest.raises(Humans4dError, match="x,y,z,qx,qy,qz,qw"):
        TruthOptions.from_text(None, None, None, "1,2,3")
    with pytest.raises(Humans4dError, match="x,y,z,qx,qy,qz,qw"):
        TruthOptions.from_text(None, None, None, "1,2,3,0,0,0,0")
