"""Truth files made from the toolkits' own field lists, and read at the images they are of."""

import json
import pickle

import numpy as np
import pytest
from made_people import made_people
from made_scenes import make_images
from places import SHARED
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, load_body
from humans4d_core.errors import Humans4dError, InputFileError
from humans4d_core.evaluation.truth import TruthOptions, read_truth
from humans4d_core.evaluation.truth.truth import GENDERS
from humans4d_core.io import PeopleWriter
from humans4d_core.types import JOINT_NAMES, Pose, TrackState

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


class TestThreeDpw:
    """By the field list of the data's readme: Python 2's pickles of lists and arrays."""

    def sequence(self, count=10, people=2):
        rng = np.random.default_rng(0)
        poses = np.tile(np.eye(4), (count, 1, 1))
        poses[:, :3, :3] = Rotation.from_rotvec(
            np.linspace(0, 0.5, count)[:, None] * (0.0, 1.0, 0.0)
        ).as_matrix()
        poses[:, 2, 3] = 5.0
        return {
            "sequence": "made_here", "cam_poses": poses,
            "cam_intrinsics": np.array([[600.0, 0, 320], [0, 600, 240], [0, 0, 1]]),
            "jointPositions": [rng.normal(0, 0.5, (count, 72)) for _ in range(people)],
            "campose_valid": [np.arange(count) > 2 for _ in range(people)],
            "poses": [rng.normal(0, 0.3, (count, 72)) for _ in range(people)],
            "betas": [rng.normal(0, 1, 10) for _ in range(people)],
            "genders": ["m", "f"][:people],
        }  # fmt: skip

    def write(self, tmp_path, content):
        path = tmp_path / "made_here.pkl"
        path.write_bytes(pickle.dumps(content, protocol=2))
        return path

    def test_joints_are_moved_into_the_camera(self, tmp_path):
        content = self.sequence()
        truth = read(self.write(tmp_path, content))
        rows = truth.rows.select((truth.rows.person == 2) & (truth.rows.frame == 7))
        pose = content["cam_poses"][6]
        joints = content["jointPositions"][1][6].reshape(24, 3) @ pose[:3, :3].T + pose[:3, 3]
        np.testing.assert_allclose(rows.joints_cam[0], joints, atol=1e-5)
        np.testing.assert_allclose(rows.place_cam[0], joints[[1, 2]].mean(0), atol=1e-6)
        pixels = joints[:, :2] / joints[:, 2:] * 600 + (320, 240)
        box = rows.box[0]
        assert (box[:2] < pixels.min(0)).all() and (box[2:] > pixels.max(0)).all()
        assert truth.rows.counts[truth.rows.person == 1].tolist() == [False] * 3 + [True] * 7

    def test_rotations_are_the_files_with_the_root_in_the_camera(self, tmp_path):
        content = self.sequence()
        truth = read(self.write(tmp_path, content))
        rows = truth.rows.select((truth.rows.person == 2) & (truth.rows.frame == 7))
        pose = Rotation.from_rotvec(content["poses"][1][6].reshape(24, 3)).as_matrix()
        np.testing.assert_allclose(rows.rotations[0, 1:], pose[1:], atol=1e-6)
        root = content["cam_poses"][6][:3, :3] @ pose[0]
        np.testing.assert_allclose(rows.rotations[0, 0], root, atol=1e-6)
        np.testing.assert_allclose(rows.betas[0], content["betas"][1], rtol=1e-6)
        assert [GENDERS[g] for g in np.unique(truth.rows.gender)] == ["male", "female"]

    @pytest.mark.parametrize("name", ["jointPositions", "poses", "cam_poses", "cam_intrinsics"])
    def test_a_field_that_is_missing_or_another_is_named(self, tmp_path, name):
        content = self.sequence()
        whole = content.pop(name)
        with pytest.raises(InputFileError, match=name):
            read(self.write(tmp_path, content))
        content[name] = np.asarray(whole)[:-1]
        with pytest.raises(InputFileError, match=name):
            read(self.write(tmp_path, content))


class TestEmdb:
    """By the field list of the data's dataset.md."""

    def sequence(self, count=10):
        rng = np.random.default_rng(0)
        extrinsics = np.tile(np.eye(4), (count, 1, 1))
        extrinsics[:, :3, :3] = Rotation.from_rotvec((0.0, 0.4, 0.0)).as_matrix()
        extrinsics[:, :3, 3] = (0.1, 0.2, 6.0)
        boxes = np.tile([100.0, 50, 200, 350], (count, 1))
        return {
            "gender": "female", "name": "P0_made_here", "emdb1": True, "emdb2": False,
            "n_frames": count, "good_frames_mask": np.arange(count) != 4,
            "camera": {"intrinsics": np.eye(3), "extrinsics": extrinsics, "width": 640,
                       "height": 480},
            "smpl": {"poses_root": rng.normal(0, 1, (count, 3)),
                     "poses_body": rng.normal(0, 0.3, (count, 69)),
                     "trans": rng.normal(0, 0.3, (count, 3)), "betas": rng.normal(0, 1, 10)},
            "kp2d": np.zeros((count, 24, 2)),
            "bboxes": {"bboxes": boxes, "invalid_idxs": np.array([4])},
        }  # fmt: skip

    def write(self, tmp_path, content):
        path = tmp_path / "P0_made_here_data.pkl"
        path.write_bytes(pickle.dumps(content, protocol=4))
        return path

    def test_the_bodys_joints_are_moved_into_the_camera(self, tmp_path):
        content = self.sequence()
        truth = read(self.write(tmp_path, content), bodies=EMBEDDED_BODY)
        assert truth.rows.counts.tolist() == [k != 4 for k in range(10)]
        assert np.isnan(truth.rows.box[4]).all() and truth.rows.box[0].tolist() == [
            100,
            50,
            200,
            350,
        ]
        smpl, pose = content["smpl"], content["camera"]["extrinsics"][6]
        turns = Rotation.from_rotvec(
            np.concatenate((smpl["poses_root"][6], smpl["poses_body"][6])).reshape(24, 3)
        ).as_matrix()
        posed = load_body()(turns[:1], turns[None, 1:], smpl["betas"][None]).joints[0]
        joints = (posed + smpl["trans"][6]) @ pose[:3, :3].T + pose[:3, 3]
        np.testing.assert_allclose(truth.rows.joints_cam[6], joints, atol=1e-5)
        # The rotations pose the same body in the camera's axes.
        rows = truth.rows.select(slice(6, 7))
        again = load_body()(rows.rotations[:, 0], rows.rotations[:, 1:], rows.betas).joints[0]
        np.testing.assert_allclose(again - again[1], joints - joints[1], atol=1e-5)

    def test_the_body_is_asked_for_by_name(self, tmp_path):
        path = self.write(tmp_path, self.sequence())
        with pytest.raises(InputFileError, match="female person: name the body model with --truth"):
            read(path)
        with pytest.raises(InputFileError, match="SMPL_FEMALE"):
            read(path, bodies=tmp_path)
        (tmp_path / "SMPL_FEMALE.npz").write_bytes(EMBEDDED_BODY.read_bytes())
        assert read(path, bodies=tmp_path).has_rotations

    @pytest.mark.parametrize("part", ["gender", "good_frames_mask", "camera", "smpl", "bboxes"])
    def test_a_field_that_is_missing_or_another_is_named(self, tmp_path, part):
        content = self.sequence()
        content[part] = "unknown" if part == "gender" else {}
        with pytest.raises(InputFileError, match="is none of EMDB's"):
            read(self.write(tmp_path, content), bodies=EMBEDDED_BODY)


class TestPictures:
    """By the field lists of SPIN's and mmpose's npz, and of MPI-INF-3DHP's one file a picture."""

    #: In SMPL's words, in the order of the files.
    SPIN = ("right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle",
            "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
            "left_wrist")  # fmt: skip
    H36M_17 = ("", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
               "", "", "", "", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder",
               "right_elbow", "right_wrist")  # fmt: skip
    DHP_17 = ("", "", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder",
              "left_elbow", "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip",
              "left_knee", "left_ankle", "", "", "")  # fmt: skip

    def joints(self, count=2):
        return np.random.default_rng(0).normal((0, 0, 5), 0.4, (count, 24, 3))

    def arrays(self, order, size, places):
        """Of people at places (N, 24, 3): joints (N, size, 4) and pixels (N, size, 3)."""
        joints = np.zeros((len(places), size, 4))
        for k, name in enumerate(order):
            if name:
                joints[:, k] = np.concatenate(
                    (places[:, JOINT_NAMES.index(name)], np.ones((len(places), 1))), axis=1
                )
        pixels = np.zeros((len(places), size, 3))
        known = joints[..., 3] > 0
        pixels[known, :2] = 600 * joints[known, :2] / joints[known, 2:3] + (320, 240)
        pixels[known, 2] = 1
        return joints, pixels

    @pytest.mark.parametrize(
        ("order", "size", "names", "format"),
        [(SPIN, 24, ("S", "part"), None), (H36M_17, 17, ("S", "part"), "h36m"),
         (SPIN, 19, ("extra_keypoints_3d", "extra_keypoints_2d"), None),
         (DHP_17, 17, ("S", "part"), "3dhp")],
    )  # fmt: skip
    def test_joints_have_smpls_names(self, tmp_path, order, size, names, format):
        places = self.joints()
        arrays = dict(zip(names, self.arrays(order, size, places), strict=True))
        imgname = np.array(["S9/S9_a/000003.jpg", "S9/S9_a/000099.jpg"])
        np.savez(tmp_path / "x.npz", imgname=imgname, **arrays)
        truth = read(tmp_path / "x.npz", format=format)
        assert (truth.rows.frame.tolist(), truth.unmatched) == ([4], 1)
        known = [JOINT_NAMES.index(name) for name in order if name]
        np.testing.assert_allclose(truth.rows.joints_cam[0, known], places[0, known], atol=1e-6)
        assert np.isnan(np.delete(truth.rows.joints_cam[0], known, axis=0)).all()
        np.testing.assert_allclose(truth.rows.place_cam[0], places[0, [1, 2]].mean(0), atol=1e-6)
        assert np.isfinite(truth.rows.box).all()

    def test_one_person_of_the_picture_that_is_called_like_the_file(self, tmp_path):
        joints, pixels = self.arrays(self.DHP_17, 17, self.joints(1))
        path = tmp_path / "000002.npz"
        np.savez(path, joints_cam_m=joints[0, :, :3], joints_px=pixels[0, :, :2])
        truth = read(path)
        assert truth.rows.frame.tolist() == [3]
        np.testing.assert_allclose(truth.rows.joints_cam[0, 16:22], self.joints(1)[0, 16:22], 1e-5)

    def test_joints_about_their_root_have_no_place(self, tmp_path):
        joints, _ = self.arrays(self.SPIN, 24, self.joints() - (0, 0, 5))
        _, pixels = self.arrays(self.SPIN, 24, self.joints())
        names = ["000000.jpg", "000001.jpg"]
        np.savez(tmp_path / "x.npz", imgname=names, S=joints, part=pixels)
        truth = read(tmp_path / "x.npz")
        assert not truth.has_places and truth.has_joints and truth.has_boxes
        np.savez(tmp_path / "x.npz", imgname=names, S=joints)
        with pytest.raises(InputFileError, match="who is who"):
            read(tmp_path / "x.npz")

    def test_what_is_not_told_is_asked_for(self, tmp_path):
        path = tmp_path / "x.npz"
        joints, pixels = self.arrays(self.H36M_17, 17, self.joints())
        names = ["000000.jpg", "000001.jpg"]
        np.savez(path, imgname=names, S=joints, part=pixels)
        with pytest.raises(InputFileError, match="--truth-format h36m or 3dhp"):
            read(path)
        joints[..., :3] *= 1000
        np.savez(path, imgname=names, S=joints, part=pixels)
        with pytest.raises(InputFileError, match="in metres"):
            read(path, format="h36m")
        np.savez(path, imgname=names, S=joints[:1])
        with pytest.raises(InputFileError, match="S is"):
            read(path, format="h36m")
        np.savez(path, imgname=names, S=joints / 1000, part=pixels[:, :3])
        with pytest.raises(InputFileError, match="2D joints are"):
            read(path, format="h36m")


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
