"""Small films, made here; people as arrays."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from humans4d_core.types import Bodies, People, TrackState


@pytest.fixture
def film(tmp_path):
    """film(name, frames, fps, size): a video whose frame i is gray 20 * i (i < 12)."""

    def make(
        name: str = "film.mp4",
        frames: int = 8,
        fps: float = 10.0,
        size: tuple[int, int] = (64, 48),
        codec: str = "mp4v",
    ) -> Path:
        path = tmp_path / name
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), fps, size)
        assert writer.isOpened()
        for index in range(frames):
            writer.write(np.full((size[1], size[0], 3), 20 * (index % 12), np.uint8))
        writer.release()
        return path

    return make


@pytest.fixture
def make_people():
    """make_people(states): People with these states, track ids from 1, distinct boxes."""

    def make(*states: TrackState, seed: int = 0) -> People:
        n = len(states)
        rng = np.random.default_rng(seed)
        joints = rng.normal(size=(n, 24, 3)).astype(np.float32)
        rotations = np.broadcast_to(np.eye(3, dtype=np.float32), (n, 24, 3, 3)).copy()
        corner = rng.uniform(0, 100, (n, 2)).astype(np.float32)
        bodies = Bodies(
            boxes_px=np.concatenate((corner, corner + (30, 60)), axis=1).astype(np.float32),
            scores=np.full(n, 0.9, np.float32),
            global_orient=rotations[:, 0],
            body_pose=rotations[:, 1:],
            betas=np.zeros((n, 10), np.float32),
            translation_cam=np.zeros((n, 3), np.float32),
            vertices_cam=np.zeros((n, 5, 3), np.float32),
            joints_cam=joints,
            joints_px=np.zeros((n, 24, 2), np.float32),
            joint_confidence=np.ones((n, 24), np.float32),
            pelvis_covariance_cam=np.zeros((n, 3, 3), np.float32),
            recovery="landmarks",
            body_model="anny",
        )
        return People(
            track_ids=np.arange(1, n + 1, dtype=np.uint32),
            person_ids=np.arange(1, n + 1, dtype=np.uint32),
            states=np.array(states, np.uint8),
            last_seen_ns=np.zeros(n, np.int64),
            confidence=np.full(n, 0.1, np.float32),
            bodies=bodies,
            velocity_cam=np.zeros((n, 3), np.float32),
            position_covariance_cam=np.zeros((n, 3, 3), np.float32),
            velocity_covariance_cam=np.zeros((n, 3, 3), np.float32),
        )

    return make


@pytest.fixture
def y4m(tmp_path):
    """y4m(name, frames, size, aspect): uncompressed video; frame i is gray 20 * i, and bright in
    its upper left quarter."""

    def make(name="film.y4m", frames=3, size=(64, 48), aspect="1:1") -> Path:
        width, height = size
        data = f"YUV4MPEG2 W{width} H{height} F10:1 Ip A{aspect} C420jpeg\n".encode()
        for index in range(frames):
            gray = np.full((height, width), 20 * index, np.uint8)
            gray[: height // 2, : width // 2] = 250
            data += b"FRAME\n" + gray.tobytes() + bytes([128]) * (width * height // 2)
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return make


def _box_at(data: bytes, start: int, end: int, kind: bytes) -> tuple[int, int]:
    while start < end:
        size = int.from_bytes(data[start : start + 4], "big")
        if data[start + 4 : start + 8] == kind:
            return start, start + size
        start += size
    raise LookupError(kind)


@pytest.fixture
def edit_mp4():
    """edit_mp4(path, boxes, change): `change(content) -> content` of the box at the path `boxes`.

    Where a box of fixed fields holds boxes, its name goes with their number: (b"stsd", 8).
    """

    def edit(path: Path, boxes: list, change) -> Path:
        data = path.read_bytes()
        start, end, places = 0, len(data), []
        for box in boxes:
            kind, fields = box if isinstance(box, tuple) else (box, 0)
            start, end = _box_at(data, start, end, kind)
            places.append(start)
            start += 8 + fields
        inner = places[-1] + 8
        content = change(data[inner:end])
        grown = len(content) - (end - inner)
        data = bytearray(data[:inner] + content + data[end:])
        # OpenCV writes the index behind the pictures: their places stay.
        for place in places:
            size = int.from_bytes(data[place : place + 4], "big") + grown
            data[place : place + 4] = size.to_bytes(4, "big")
        path.write_bytes(data)
        return path

    return edit


#: Boxes from a file to the description of its pictures.
STSD = [b"moov", b"trak", b"mdia", b"minf", b"stbl", (b"stsd", 8)]


@pytest.fixture
def set_matrix(edit_mp4):
    """set_matrix(path, a, b, c, d): the display matrix of an mp4's track."""

    def change(path: Path, a, b, c, d) -> Path:
        numbers = [round(v * 65536) for v in (a, b, 0, c, d, 0, 0, 0)] + [1 << 30]
        matrix = b"".join(v.to_bytes(4, "big", signed=True) for v in numbers)
        return edit_mp4(path, [b"moov", b"trak", b"tkhd"], lambda t: t[:40] + matrix + t[76:])

    return change


@pytest.fixture
def set_codec(edit_mp4):
    """set_codec(path, code): what an mp4 calls its codec (4 bytes)."""

    def change(path: Path, code: bytes) -> Path:
        edit_mp4(path, STSD[:-1] + [b"stsd"], lambda s: s[:12] + code + s[16:])
        # What describes MPEG-4 further would be believed more than the name.
        path.write_bytes(path.read_bytes().replace(b"esds", b"free"))
        return path

    return change
