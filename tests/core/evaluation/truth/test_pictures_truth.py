"""Truths of single pictures: files made from the toolkits' own field lists."""

import numpy as np
import pytest
from made_scenes import make_images

from humans4d_core.errors import InputFileError
from humans4d_core.evaluation.truth import TruthOptions, read_truth
from humans4d_core.types import JOINT_NAMES

IMAGES = make_images(10)


def read(path, **options):
    return read_truth(path, IMAGES, TruthOptions(**options))


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
