import lzma

import numpy as np
import pytest
from places import SHARED

from humans4d_core.errors import InputFileError
from humans4d_core.simulation.mocap import INCH, read_motion, read_skeleton

CMU = SHARED / "mocap" / "cmu"

SKELETON = """\
# made up
:version 1.10
:units
  length 0.5
  angle deg
:root
  order TX TY TZ RX RY RZ
:bonedata
  begin
    id 1
    name upper
    direction 0 -1 0
    length 4
    axis 0 0 90 XYZ
    dof rx rz
    limits (-90 90)
           (-90 90)
  end
  begin
    id 2
    name lower
    direction 0 -1 0
    length 3
    axis 0 0 0 XYZ
  end
:hierarchy
  begin
    root upper
    upper lower
  end
"""

MOTION = """\
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 0 0 0
upper 0 0
2
root 1 2 4 0 90 0
upper 90 0
"""


@pytest.fixture
def skeleton(tmp_path):
    path = tmp_path / "a.asf"
    path.write_text(SKELETON)
    return read_skeleton(path)


def test_lengths_become_metres(skeleton):
    assert skeleton.bones["upper"].length == pytest.approx(4 / 0.5 * INCH)
    assert skeleton.bones["lower"].parent == "upper"


def test_a_bone_turns_in_its_own_axes_and_carries_its_children(tmp_path, skeleton):
    path = tmp_path / "a_01.amc.xz"
    path.write_bytes(lzma.compress(MOTION.encode()))
    motion = read_motion(path, skeleton)
    np.testing.assert_allclose(motion.root[1] - motion.root[0], [0, 0, INCH / 0.5])
    np.testing.assert_allclose(motion.rotations["upper"][0], np.eye(3), atol=1e-12)
    # The bone's x axis lies along the root's y, so its turn about x is one about y; the root
    # itself has turned by a quarter about y: half a turn in all, for the child as well.
    half = np.diag([-1.0, 1, -1])
    np.testing.assert_allclose(motion.rotations["upper"][1], half, atol=1e-12)
    np.testing.assert_allclose(motion.rotations["lower"][1], half, atol=1e-12)


def test_reading_stops_where_it_is_told_to(tmp_path, skeleton):
    path = tmp_path / "a_01.amc"
    path.write_text(MOTION + MOTION.split("DEGREES\n")[1])
    assert len(read_motion(path, skeleton, max_frames=3).root) == 3


@pytest.mark.parametrize(
    "text", ["", "1\nroot 1 2 3 0 0 0\n", MOTION.replace("upper 90 0", "upper 90 zero")]
)
def test_wrong_motions_are_refused(tmp_path, skeleton, text):
    path = tmp_path / "a_01.amc"
    path.write_text(text)
    with pytest.raises(InputFileError, match="a_01.amc"):
        read_motion(path, skeleton)


def test_wrong_skeletons_are_refused(tmp_path):
    path = tmp_path / "a.asf"
    for text in ("", "hello", SKELETON.replace("root upper", "root elsewhere")):
        path.write_text(text)
        with pytest.raises(InputFileError, match="ASF"):
            read_skeleton(path)
    with pytest.raises(InputFileError, match="cannot be read"):
        read_skeleton(tmp_path / "none.asf")


@pytest.mark.skipif(not CMU.is_dir(), reason="no motion capture beside the repository")
def test_a_captured_walk_moves_at_walking_speed():
    motion = read_motion(CMU / "02_01.amc.xz", read_skeleton(CMU / "02.asf"))
    way = np.linalg.norm((motion.root[-1] - motion.root[0])[[0, 2]])
    assert 1.0 < way / (len(motion.root) / 120) < 1.5
    assert 0.8 < motion.root[:, 1].mean() < 1.1
    for rotation in motion.rotations.values():
        np.testing.assert_allclose(np.linalg.det(rotation), 1)
