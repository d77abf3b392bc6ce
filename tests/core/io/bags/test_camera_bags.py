import cv2
import numpy as np
import pytest
from bag_files import STORE, header, image, info, read_frames, text
from rosbags.rosbag2 import StoragePlugin, Writer

from humans4d_core.errors import CameraError, Humans4dError, ImageError, InputFileError
from humans4d_core.io import (
    BagSource,
    CameraChoice,
    message_typestore,
    open_source,
    read_messages,
    write_camera_bag,
)
from humans4d_core.types import Camera, Frame

CAMERA = Camera(500, 510, 32, 24, 64, 48, (-0.1, 0.01, 0.001, 0.002, 0.0))
START = 1_700_000_000_123_456_789


def frames(count=4, size=(64, 48)):
    for index in range(count):
        image = np.full((size[1], size[0], 3), (10 * index, 50, 200), np.uint8)
        yield Frame(image, START + index * 100_000_000, CAMERA, "cam")


def test_a_written_bag_reads_back_exactly(tmp_path):
    path = tmp_path / "bag"
    assert write_camera_bag(path, frames()) == 4
    found, source = read_frames(path)
    for read_frame, written in zip(found, frames(), strict=True):
        np.testing.assert_array_equal(read_frame.image_bgr, written.image_bgr)
        assert read_frame.stamp_ns == written.stamp_ns
        assert read_frame.camera == written.camera and read_frame.frame_id == "cam"
        assert read_frame.image_bgr.flags.writeable
    assert source.frame_count == 4 and source.frame_rate == pytest.approx(10)
    assert source.camera_origin == "CameraInfo on /camera/camera_info"


def test_a_compressed_bag_reads_back_and_is_smaller(tmp_path):
    write_camera_bag(tmp_path / "raw", frames())
    write_camera_bag(tmp_path / "jpeg", frames(), compressed=True)
    found, source = read_frames(tmp_path / "jpeg")
    assert source.topic == "/camera/image_raw/compressed"
    for read_frame, written in zip(found, frames(), strict=True):
        difference = read_frame.image_bgr.astype(int) - written.image_bgr
        assert np.abs(difference).max() < 8 and read_frame.camera == CAMERA

    def size(name):
        return (tmp_path / name / f"{name}.mcap").stat().st_size

    assert size("jpeg") < size("raw")


def test_an_mcap_file_of_its_own_and_a_folder_without_metadata_are_bags(tmp_path):
    path = tmp_path / "bag"
    write_camera_bag(path, frames())
    (path / "metadata.yaml").unlink()
    for place in (path, path / "bag.mcap"):
        with open_source(place) as source:
            assert source.kind == "bag" and len(list(source)) == 4


def test_a_sqlite3_bag_is_read(bag):
    path = bag(
        ("/c/camera_info", 1, info(1)), ("/c/image", 1, image(1)), plugin=StoragePlugin.SQLITE3
    )
    found, _ = read_frames(path)
    assert [f.stamp_ns for f in found] == [1]


def test_images_pair_with_the_camera_info_of_their_stamp_even_when_it_comes_later(bag):
    path = bag(
        ("/c/image", 10, image(100)),
        ("/c/camera_info", 11, info(100, focal=300)),
        ("/c/camera_info", 20, info(200, focal=400)),
        ("/c/image", 21, image(200)),
        ("/c/image", 30, image(300)),
        ("/c/camera_info", 31, info(300, focal=500)),
    )
    found, _ = read_frames(path)
    assert [(f.stamp_ns, f.camera.fx) for f in found] == [(100, 300), (200, 400), (300, 500)]


def test_without_the_same_stamp_the_latest_camera_info_holds(bag):
    path = bag(
        ("/c/image", 10, image(100)),
        ("/c/camera_info", 15, info(150, focal=300)),
        ("/c/image", 20, image(200)),
        ("/c/image", 30, image(300)),
        ("/c/camera_info", 35, info(350, focal=400)),
        ("/c/image", 40, image(400)),
    )
    found, _ = read_frames(path)
    assert [f.stamp_ns for f in found] == [100, 200, 300, 400]
    assert [f.camera.fx for f in found][1] == 300 and found[3].camera.fx == 400


def test_the_camera_info_beside_the_images_is_taken(bag):
    path = bag(
        ("/right/camera_info", 1, info(1, focal=111)),
        ("/left/camera_info", 1, info(1, focal=222)),
        ("/left/image_raw", 1, image(1)),
    )
    found, source = read_frames(path)
    assert found[0].camera.fx == 222 and source.camera_origin.endswith("/left/camera_info")


def test_several_image_topics_are_named_and_one_can_be_picked(bag):
    path = bag(
        ("/camera_info", 1, info(1)),
        ("/left/image", 1, image(1, value=7)),
        ("/right/image", 1, image(1, value=9)),
    )
    with pytest.raises(InputFileError, match=r"/left/image, /right/image.*--topic"):
        BagSource(path)
    with pytest.raises(InputFileError, match=r"no images on /up.*/left/image, /right/image"):
        BagSource(path, topic="/up")
    found, _ = read_frames(path, topic="/right/image")
    assert found[0].image_bgr[0, 0, 0] == 9


def test_a_bag_without_images_is_refused(bag):
    with pytest.raises(InputFileError, match="holds no images"):
        BagSource(bag(("/chatter", 1, text("hello"))))


def test_a_bag_without_camera_info_needs_a_field_of_view(bag):
    path = bag(("/c/image", 1, image(1)))
    with pytest.raises(InputFileError, match="--fov"):
        BagSource(path)
    found, _ = read_frames(path, camera=CameraChoice(fov_degrees=90))
    assert found[0].camera.fx == pytest.approx(32)


def test_an_uncalibrated_camera_is_refused_unless_a_field_of_view_is_given(bag):
    path = bag(("/c/camera_info", 1, info(1, focal=0)), ("/c/image", 1, image(1)))
    with pytest.raises(CameraError, match=r"/c/camera_info: camera is not calibrated"):
        BagSource(path)
    assert len(read_frames(path, camera=CameraChoice(fov_degrees=90))[0]) == 1


def test_images_that_cannot_be_used_are_skipped_and_counted(bag):
    path = bag(
        ("/c/camera_info", 1, info(1)),
        ("/c/image", 1, image(1)),
        ("/c/image", 2, image(2, encoding="32FC1")),
        ("/c/image", 3, image(3, size=(32, 48))),
        ("/c/image", 4, image(4)),
    )
    found, source = read_frames(path)
    assert [f.stamp_ns for f in found] == [1, 4] and source.skipped == 2


def test_a_bag_of_nothing_but_unusable_images_is_refused(bag):
    path = bag(("/c/camera_info", 1, info(1)), ("/c/image", 1, image(1, encoding="32FC1")))
    with pytest.raises(ImageError, match="no image on /c/image can be used.*32FC1"):
        read_frames(path)


def test_an_image_without_stamp_has_the_time_of_its_recording(bag):
    path = bag(("/c/camera_info", 5, info(0)), ("/c/image", 77, image(0)))
    assert [f.stamp_ns for f in read_frames(path)[0]] == [77]


def test_images_whose_stamps_stand_still_have_the_times_of_their_recording(bag):
    period = 10**8
    path = bag(
        ("/c/camera_info", START, info(7)),
        *(("/c/image_raw", START + k * period, image(7)) for k in range(12)),
    )
    stamps = [f.stamp_ns for f in read_frames(path)[0]]
    assert stamps[0] == 7 and stamps[-5:] == [START + k * period for k in range(7, 12)]


@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_cut_off_recording_is_refused_in_one_sentence(tmp_path, share):
    path = tmp_path / "bag"
    write_camera_bag(path, frames(20))
    file = path / "bag.mcap"
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputFileError, match="reindex") as error:
        BagSource(path)
    assert "\n" not in str(error.value)


def test_damage_in_the_middle_ends_the_reading_with_a_note(tmp_path):
    path = tmp_path / "bag"
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    camera = Camera.from_fov(320, 240, 1.0)
    write_camera_bag(path, (Frame(noise, 1 + i, camera) for i in range(20)))
    file = path / "bag.mcap"
    data = bytearray(file.read_bytes())
    half = len(data) // 2
    data[half : half + 2**20] = b"\xff" * 2**20
    file.write_bytes(data)
    found, source = read_frames(path)
    assert 0 < len(found) < 20
    assert any("reading stopped early" in note for note in source.notes)


def test_a_bag_is_not_overwritten_and_a_failed_one_is_removed(tmp_path):
    path = tmp_path / "bag"

    def broken():
        yield from frames(2)
        raise InputFileError("the film tore")

    with pytest.raises(InputFileError, match="tore"):
        write_camera_bag(path, broken())
    assert not path.exists()
    write_camera_bag(path, frames())
    with pytest.raises(Humans4dError, match="never overwritten"):
        write_camera_bag(path, frames())


def test_messages_of_custom_types_are_read_with_their_definitions(tmp_path):
    package = tmp_path / "my_msgs"
    (package / "msg").mkdir(parents=True)
    (package / "msg" / "Item.msg").write_text("std_msgs/Header header\nfloat32[] values\n")
    (package / "msg" / "Items.msg").write_text("my_msgs/Item[] items\n")
    store = message_typestore(package)
    name = "my_msgs/msg/Items"
    item = store.types["my_msgs/msg/Item"](header(5), np.arange(3, dtype=np.float32))
    data = store.serialize_cdr(store.types[name]([item]), name)
    path = tmp_path / "bag"
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        writer.write(writer.add_connection("/items", name, typestore=store), 9, data)
        string = writer.add_connection("/chatter", "std_msgs/msg/String", typestore=store)
        writer.write(string, 10, store.serialize_cdr(text("hello"), "std_msgs/msg/String"))
    ((topic, stamp_ns, message),) = read_messages(path, ["/items"], store)
    assert (topic, stamp_ns) == ("/items", 9)
    assert message.items[0].values.tolist() == [0, 1, 2]
    assert [t for t, _, _ in read_messages(path, typestore=store)] == ["/items", "/chatter"]
    with pytest.raises(InputFileError, match="my_msgs/msg/Items of /items is unknown"):
        list(read_messages(path))


def test_a_definition_inside_a_bag_is_not_used(tmp_path):
    """A bag that redefines a known type is read by the known definition."""
    path = tmp_path / "bag"
    name = "std_msgs/msg/String"
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(
            "/chatter", name, msgdef="float64 import_os\n", rihs01="RIHS01_00"
        )
        writer.write(connection, 1, STORE.serialize_cdr(text("hello"), name))
    ((_, _, message),) = read_messages(path)
    assert message.data == "hello"


def test_jpeg_bags_hold_what_image_transport_expects(tmp_path):
    path = tmp_path / "bag"
    write_camera_bag(path, frames(1), compressed=True)
    messages = {topic: message for topic, _, message in read_messages(path)}
    message = messages["/camera/image_raw/compressed"]
    assert message.format == "bgr8; jpeg compressed bgr8"
    assert cv2.imdecode(message.data, cv2.IMREAD_COLOR).shape == (48, 64, 3)
    assert messages["/camera/camera_info"].header == message.header


@pytest.mark.parametrize("size", [(32, 24), (16, 12), (128, 96)])
def test_images_resized_by_a_whole_factor_get_the_camera_scaled(bag, size):
    path = bag(("/c/camera_info", 1, info(1)), ("/c/image", 1, image(1, size=size)))
    ((frame,), source) = read_frames(path)
    scale = size[0] / 64
    assert (frame.camera.width, frame.camera.height) == size
    assert (frame.camera.fx, frame.camera.cx, frame.camera.cy) == (
        500 * scale,
        32 * scale,
        24 * scale,
    )
    assert any(f"{size[0]}x{size[1]} and CameraInfo is 64x48" in note for note in source.notes)


def test_camera_info_without_a_size_is_of_the_images_size(bag):
    unsized = info(1)
    unsized.width = unsized.height = 0
    path = bag(("/c/camera_info", 1, unsized), ("/c/image", 1, image(1)))
    ((frame,), source) = read_frames(path)
    assert frame.camera == Camera(500, 500, 32, 24, 64, 48, (0.0,) * 5)
    assert source.notes == []


def test_a_region_of_interest_and_binning_of_a_bag_are_applied(bag):
    cut = info(1)
    cut.roi.x_offset, cut.roi.y_offset, cut.roi.width, cut.roi.height = 8, 4, 48, 40
    cut.binning_x = cut.binning_y = 2
    path = bag(("/c/camera_info", 1, cut), ("/c/image", 1, image(1, size=(24, 20))))
    ((frame,), _) = read_frames(path)
    assert (frame.camera.fx, frame.camera.cx, frame.camera.cy) == (250, 12, 10)


@pytest.mark.parametrize(
    "choice",
    [CameraChoice(intrinsics=(500, 500, 32, 24)), CameraChoice(fov_degrees=60)],
    ids=["intrinsics", "fov"],
)
def test_a_given_camera_follows_images_that_change_their_size(bag, choice):
    path = bag(
        ("/c/image", 1, image(1)),
        ("/c/image", 2, image(2, size=(32, 24))),
        ("/c/image", 3, image(3, size=(32, 32))),
        ("/c/image", 4, image(4)),
    )
    found, source = read_frames(path, camera=choice)
    assert [f.stamp_ns for f in found] == [1, 2, 4] and source.skipped == 1
    first, small, last = (f.camera for f in found)
    assert small.fx == pytest.approx(first.fx / 2) and last == first
    assert any("32x24 and the first image is 64x48" in note for note in source.notes)
