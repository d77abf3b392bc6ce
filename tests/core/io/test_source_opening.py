import cv2
import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.io import open_source


def test_the_kind_of_an_input_is_found(film, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), np.zeros((8, 8, 3), np.uint8))
    for path, kind in ((film(), "video"), (folder, "images"), (folder / "1.png", "images")):
        with open_source(path) as source:
            assert source.kind == kind


@pytest.mark.parametrize("rate", [0, -5, float("nan"), float("inf"), 2000])
def test_an_impossible_frame_rate_is_refused(film, rate):
    with pytest.raises(InputFileError, match="frames a second"):
        open_source(film(), frame_rate=rate)


def test_a_missing_input_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="does not exist"):
        open_source(tmp_path / "none.mp4")


def test_options_of_another_kind_are_refused(film, tmp_path):
    with pytest.raises(InputFileError, match="leave out --topic"):
        open_source(film(), topic="/camera")
    (tmp_path / "metadata.yaml").write_text("rosbag2_bagfile_information: {}")
    with pytest.raises(InputFileError, match="leave out --fps"):
        open_source(tmp_path, frame_rate=10)


def test_a_broken_bag_folder_is_refused(tmp_path):
    for content in ("", "a: [", "rosbag2_bagfile_information: 5", "!!python/object:os.system x"):
        (tmp_path / "metadata.yaml").write_text(content)
        with pytest.raises(InputFileError, match="not a rosbag2"):
            open_source(tmp_path)


def test_a_ros_1_bag_says_how_to_convert_it(tmp_path):
    path = tmp_path / "old.bag"
    path.write_bytes(b"#ROSBAG V2.0\n")
    with pytest.raises(InputFileError, match="rosbags-convert"):
        open_source(path)
