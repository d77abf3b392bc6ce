import cv2
import numpy as np
import pytest

from humans4d_core.errors import CameraError, InputFileError
from humans4d_core.io import CameraChoice, VideoSource, VideoWriter


def level(image):
    return round(float(image.mean()) / 20)


def read(path, **options):
    with VideoSource(path, **options) as source:
        return list(source), source


def test_frames_come_in_order_with_their_times(film):
    frames, source = read(film(frames=8, fps=10))
    assert [level(f.image_bgr) for f in frames] == list(range(8))
    assert [f.stamp_ns for f in frames] == [i * 100_000_000 for i in range(8)]
    assert source.frame_rate == 10 and source.frame_count == 8
    assert source.notes == []


def test_a_given_frame_rate_replaces_the_times_of_the_file(film):
    frames, source = read(film(fps=10), frame_rate=25)
    assert [f.stamp_ns for f in frames][:3] == [0, 40_000_000, 80_000_000]
    assert source.frame_rate == 25


def test_the_camera_has_the_size_of_the_images(film):
    frames, source = read(film(size=(80, 48)), camera=CameraChoice(fov_degrees=90))
    camera = frames[0].camera
    assert (camera.width, camera.height) == (80, 48)
    assert camera.fx == pytest.approx(40)
    assert "90" in source.camera_origin


def test_frames_are_read_lazily(film):
    with VideoSource(film(frames=12)) as source:
        iterator = iter(source)
        first, second = next(iterator), next(iterator)
    assert level(first.image_bgr) == 0 and level(second.image_bgr) == 1


def cut(path, share):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def test_an_mp4_cut_before_its_index_is_refused_in_one_sentence(film, capfd):
    path = cut(film(frames=12), 0.5)
    with pytest.raises(InputFileError, match="cut off") as error:
        VideoSource(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    assert capfd.readouterr().err == ""


def test_an_avi_cut_in_the_middle_gives_what_can_be_read_and_says_so(tmp_path):
    path = tmp_path / "cut.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (64, 48))
    noise = np.random.default_rng(0)
    for _ in range(30):
        writer.write(noise.integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()
    frames, source = read(cut(path, 0.5))
    assert 5 < len(frames) < 29
    assert source.frame_count == 30 and any("cut off" in note for note in source.notes)


def lie_about_the_frame_count(path, claimed):
    """Rewrite dwTotalFrames of the avi header and dwLength of its stream header."""
    data = bytearray(path.read_bytes())
    main = data.index(b"avih") + 8
    data[main + 16 : main + 20] = claimed.to_bytes(4, "little")
    stream = data.index(b"strh") + 8
    data[stream + 32 : stream + 36] = claimed.to_bytes(4, "little")
    path.write_bytes(data)
    return path


def test_a_header_that_claims_too_many_frames_is_not_believed(film):
    frames, source = read(lie_about_the_frame_count(film("lying.avi", 9, codec="MJPG"), 500))
    assert [level(f.image_bgr) for f in frames] == list(range(9))
    assert source.frame_count == 500 and any("only 9" in note for note in source.notes)


def test_a_header_that_claims_too_few_frames_does_no_harm(film):
    frames, source = read(lie_about_the_frame_count(film("lying.avi", 9, codec="MJPG"), 3))
    # OpenCV 4 stops where the header says, OpenCV 5 reads on.
    assert len(frames) >= 3 and source.notes == []
    assert [level(f.image_bgr) for f in frames] == list(range(len(frames)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"a text that FFmpeg would draw as a terminal\n" * 50, "text file"),
        (bytes(range(256)) * 20, "not a video"),
    ],
)
def test_a_file_that_is_no_video_is_refused(tmp_path, content, reason):
    path = tmp_path / "no.mp4"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match=reason):
        VideoSource(path)


def test_a_folder_instead_of_a_file_is_refused(tmp_path):
    with pytest.raises(InputFileError, match="is a folder"):
        VideoSource(tmp_path)


def test_intrinsics_of_another_resolution_are_refused_at_once(film):
    with pytest.raises(CameraError, match="outside the 64x48 image"):
        VideoSource(film(), CameraChoice(intrinsics=(900, 900, 640, 360)))


@pytest.mark.parametrize("rate", [7, 29.97, 30000 / 1001, 0.01, 1e6])
def test_a_written_video_reads_back(tmp_path, rate):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, rate) as writer:
        for index in range(6):
            writer.write(np.full((48, 64, 3), 20 * index, np.uint8))
    frames, source = read(path)
    assert [level(f.image_bgr) for f in frames] == list(range(6))
    if 0.1 <= rate <= 600:
        assert source.frame_rate == pytest.approx(rate, abs=0.006)


def test_images_of_another_size_are_fitted_into_the_first_ones_size(tmp_path):
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 10) as writer:
        writer.write(np.full((48, 64, 3), 200, np.uint8))
        writer.write(np.full((100, 50, 3), 200, np.uint8))
    frames, _ = read(path)
    assert [f.image_bgr.shape for f in frames] == [(48, 64, 3)] * 2
    fitted = frames[1].image_bgr
    assert fitted[:, 30:34].mean() > 180 and fitted[:, :10].mean() < 20
