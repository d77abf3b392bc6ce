import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.evaluation.association.sequences import read_sequence, thinned

TRUTH = "1,1,10,20,30,60,1,-1\n2,1,12,20,30,60,1,-1\n3,1,14,20,30,60,1,-1\n"
BOXES = "1,-1,10,20,30,60,.9\n2,-1,12,20,30,60,.8\n3,-1,14,20,30,60,.7\n"
INFO = "[Sequence]\nname=x\nframeRate=10\nseqLength=5\nimWidth=640\nimHeight=480\nfocalLength=500\n"


@pytest.fixture
def folder(tmp_path):
    def make(info=INFO, nested=False):
        for kind, text in (("gt", TRUTH), ("det", BOXES)):
            place = tmp_path / kind if nested else tmp_path
            place.mkdir(exist_ok=True)
            (place / f"{kind}.txt").write_text(text)
        if info is not None:
            (tmp_path / "seqinfo.ini").write_text(info)
        return tmp_path

    return make


@pytest.mark.parametrize("nested", [False, True])
def test_both_layouts_are_read(folder, nested):
    sequence = read_sequence(folder(nested=nested), None, None)
    assert (sequence.num_frames, sequence.rate, sequence.camera.fx) == (5, 10, 500)
    assert (sequence.camera.width, sequence.camera.height, sequence.notes) == (640, 480, ())
    assert len(sequence.truth) == sequence.detections.count == 3
    assert sequence.stamp_ns(3) == 300_000_000


def test_what_is_given_goes_before_what_the_file_says(folder):
    sequence = read_sequence(folder(), 25.0, 700.0)
    assert (sequence.rate, sequence.camera.fx, sequence.notes) == (25, 700, ())


def test_what_is_guessed_is_said(folder):
    sequence = read_sequence(folder(None), None, None)
    assert sequence.num_frames == 3
    assert [note.split(" guessed")[0] for note in sequence.notes] == [
        "frame rate", "image size", "focal length",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        ("nothing", "no section"),
        ("[Other]\nframeRate=3\n", "no section"),
        ("[Sequence]\nframeRate=often\n", "frameRate is 'often'"),
        ("[Sequence]\nimWidth=-3\n", "imWidth is '-3'"),
        ("[Sequence]\nframeRate=nan\n", "frameRate is 'nan'"),
    ],
)
def test_an_info_file_that_is_none_is_refused(folder, info, reason):
    with pytest.raises(InputFileError, match=reason):
        read_sequence(folder(info), None, None)


def test_a_folder_without_boxes_is_refused(folder):
    place = folder()
    (place / "det.txt").unlink()
    with pytest.raises(InputFileError, match=r"neither det\.txt nor det/det\.txt"):
        read_sequence(place, None, None)


def test_a_slower_camera_sees_every_second_frame(folder):
    slow = thinned(read_sequence(folder(), None, None), 2)
    assert (slow.num_frames, slow.rate, slow.name.endswith("/2")) == (3, 5, True)
    assert sorted(slow.detections.frames) == [1, 2] and slow.detections.count == 2
    np.testing.assert_array_equal(slow.truth[:, 0], [1, 2])
    assert slow.stamp_ns(2) - slow.stamp_ns(1) == 200_000_000
