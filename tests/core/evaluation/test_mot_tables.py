import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.evaluation import read_table


def _written(tmp_path, text):
    path = tmp_path / "tracks.txt"
    path.write_text(text)
    return path


def test_missing_mark_is_one_and_missing_class_minus_one(tmp_path):
    path = _written(tmp_path, "1,2,3,4,5,6\n\n2,2,3,4,5,6,0\n3,2,3,4,5,6,.5,7,8,9\n")
    expected = [[1, 2, 3, 4, 5, 6, 1, -1], [2, 2, 3, 4, 5, 6, 0, -1], [3, 2, 3, 4, 5, 6, 0.5, 7]]
    np.testing.assert_array_equal(read_table(path), expected)


def test_empty_file_is_an_empty_table(tmp_path):
    assert read_table(_written(tmp_path, "")).shape == (0, 8)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,1,0,0,5,5\n1,1,9,9,5,5\n", "names id 1 twice in frame 1"),
        ("1,-1,0,0,5,5,.9\n", "line 1: id -1 .* not detections"),
        ("0,1,0,0,5,5\n", "line 1: frame 0"),
        ("1,1,0,0,5,5\n1,2,x,0,5,5\n", "line 2"),
        ("1,1,nan,0,5,5\n", "line 1"),
        ("frame,id\n", "line 1"),
    ],
)
def test_malformed_lines_are_named(tmp_path, text, reason):
    with pytest.raises(InputFileError, match=reason):
        read_table(_written(tmp_path, text))


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(InputFileError, match="cannot be read"):
        read_table(tmp_path / "nowhere.txt")
    (tmp_path / "video.avi").write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputFileError, match="not a text file"):
        read_table(tmp_path / "video.avi")
