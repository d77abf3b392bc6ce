"""Truths that are SMPL's parameters: files made from the toolkits' own field lists."""

import pickle

import numpy as np
import pytest
from made_scenes import make_images
from scipy.spatial.transform import Rotation

from humans4d_core.body import EMBEDDED_BODY, load_body
from humans4d_core.errors import InputFileError
from humans4d_core.evaluation.truth import TruthOptions, read_truth
from humans4d_core.evaluation.truth.truth import GENDERS

IMAGES = make_images(10)


def read(path, **options):
    return read_truth(path, IMAGES, TruthOptions(**options))


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
