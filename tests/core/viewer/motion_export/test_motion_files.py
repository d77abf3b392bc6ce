"""The files of a motion, read as their formats say."""

import json
import re
import struct

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from humans4d_core.types import JOINT_NAMES, JOINT_PARENTS
from humans4d_core.viewer.motion_export import motions_of, write_bvh, write_glb_motion, write_npz


@pytest.fixture
def motion(record):
    return motions_of(record(frames=12), 101)[0]


@pytest.fixture
def posed(motion):
    """Joints (T, 24, 3) and vertices (T, V, 3) m of the motion, z up."""
    turns = motion.rotations
    out = motion.body(turns[:, 0], turns[:, 1:], np.tile(motion.betas, (len(turns), 1)))
    moved = motion.translation[:, None]
    return motion.scale * out.joints + moved, motion.scale * out.vertices + moved


def y_up(points):
    return np.stack((points[..., 0], points[..., 2], -points[..., 1]), -1)


def test_npz_has_amass_keys_and_poses_the_body(tmp_path, motion, posed):
    write_npz(tmp_path / "m.npz", motion)
    with np.load(tmp_path / "m.npz") as data:
        assert data["mocap_frame_rate"] == pytest.approx(20) and str(data["gender"]) == "neutral"
        assert data["poses"].shape == (12, 72) and data["betas"].shape == (10,)
        turns = Rotation.from_rotvec(data["poses"].reshape(-1, 3)).as_matrix()
        turns = turns.reshape(-1, 24, 3, 3)
        betas = np.tile(data["betas"], (12, 1))
        vertices = motion.body(turns[:, 0], turns[:, 1:], betas).vertices
        vertices = data["scale"] * vertices + data["trans"][:, None]
    np.testing.assert_allclose(vertices, posed[1], atol=1e-4)


def read_bvh(text):
    """Names, parents, offsets and channels of the joints, and the table: as the format says."""
    names, parents, offsets, channels, open_joints = [], [], [], [], []
    head, tail = text.split("MOTION")
    is_end = False
    for line in map(str.split, head.splitlines()):
        if line[:1] in (["ROOT"], ["JOINT"]):
            parents.append(open_joints[-1] if open_joints else -1)
            names.append(line[1])
            open_joints.append(len(names) - 1)
        elif line[:2] == ["End", "Site"]:
            is_end = True
        elif line[:1] == ["OFFSET"] and not is_end:
            offsets.append(np.array(line[1:], float))
        elif line[:1] == ["CHANNELS"]:
            channels.append(line[2:])
        elif line == ["}"]:
            if not is_end:
                open_joints.pop()
            is_end = False
    numbers = tail.split("\n", 3)
    assert int(numbers[1].split(":")[1]) == len(numbers[3].splitlines())
    table = np.loadtxt(numbers[3].splitlines())
    return names, parents, offsets, channels, float(numbers[2].split(":")[1]), table


def test_bvh_puts_every_joint_where_it_is(tmp_path, motion, posed):
    write_bvh(tmp_path / "m.bvh", motion)
    text = (tmp_path / "m.bvh").read_text()
    names, parents, offsets, channels, step, table = read_bvh(text)
    assert sorted(names) == sorted(JOINT_NAMES) and step == pytest.approx(1 / 20)
    assert len(re.findall("End Site", text)) == 24 - len(set(JOINT_PARENTS) - {-1})
    expected = y_up(posed[0]) * 100
    for frame, row in enumerate(table):
        turned, places, place = [], [], 0
        for joint, parent in enumerate(parents):
            offset, turn = offsets[joint].copy(), np.eye(3)
            for channel in channels[joint]:
                value = row[place]
                place += 1
                axis = channel[0].lower()
                if channel.endswith("position"):
                    offset["xyz".index(axis)] += value
                else:
                    turn = turn @ Rotation.from_euler(axis, value, degrees=True).as_matrix()
            if parent < 0:
                turned.append(turn)
                places.append(offset)
            else:
                places.append(places[parent] + turned[parent] @ offset)
                turned.append(turned[parent] @ turn)
        assert place == len(row)
        order = [JOINT_NAMES.index(name) for name in names]
        np.testing.assert_allclose(places, expected[frame, order], atol=0.02)


def test_another_program_reads_the_bvh(tmp_path, motion):
    bvh = pytest.importorskip("bvh")
    write_bvh(tmp_path / "m.bvh", motion)
    read = bvh.Bvh((tmp_path / "m.bvh").read_text())
    assert read.nframes == 12 and read.frame_time == pytest.approx(0.05)
    assert sorted(read.get_joints_names()) == sorted(JOINT_NAMES)
    assert read.joint_parent("left_knee").name == "left_hip"


class Glb:
    """A binary glTF, read as its specification says."""

    def __init__(self, data: bytes):
        magic, version, length = struct.unpack_from("<4sII", data)
        assert (magic, version, length) == (b"glTF", 2, len(data))
        size, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and size % 4 == 0
        self.json = json.loads(data[20 : 20 + size])
        start = 20 + size
        size, kind = struct.unpack_from("<I4s", data, start)
        assert kind == b"BIN\0" and size == self.json["buffers"][0]["byteLength"]
        self.binary = data[start + 8 : start + 8 + size]

    def array(self, number):
        accessor = self.json["accessors"][number]
        view = self.json["bufferViews"][accessor["bufferView"]]
        shape = {"SCALAR": (), "VEC3": (3,), "VEC4": (4,), "MAT4": (4, 4)}[accessor["type"]]
        kind = {5126: "<f4", 5123: "<u2", 5125: "<u4"}[accessor["componentType"]]
        assert view["byteOffset"] % 4 == 0
        count = accessor["count"] * int(np.prod(shape))
        return np.frombuffer(self.binary, kind, count, view["byteOffset"]).reshape(-1, *shape)


def test_glb_skins_the_mesh_as_it_was(tmp_path, motion, posed):
    write_glb_motion(tmp_path / "m.glb", motion)
    glb = Glb((tmp_path / "m.glb").read_bytes())
    (animation,), (skin,) = glb.json["animations"], glb.json["skins"]
    bind = glb.array(skin["inverseBindMatrices"]).transpose(0, 2, 1)
    primitive = glb.json["meshes"][0]["primitives"][0]
    rest = glb.array(primitive["attributes"]["POSITION"])
    joints = glb.array(primitive["attributes"]["JOINTS_0"])
    weights = glb.array(primitive["attributes"]["WEIGHTS_0"])
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    assert glb.array(primitive["indices"]).max() < len(rest)
    values = {
        (channel["target"]["node"], channel["target"]["path"]): glb.array(
            animation["samplers"][channel["sampler"]]["output"]
        )
        for channel in animation["channels"]
    }
    times = glb.array(animation["samplers"][0]["input"])
    np.testing.assert_allclose(np.diff(times), 1 / 20, atol=1e-6)
    for frame in (0, 5, 11):
        nodes = np.zeros((24, 4, 4))
        for joint, node in enumerate(glb.json["nodes"][:24]):
            local = np.eye(4)
            local[:3, :3] = Rotation.from_quat(values[joint, "rotation"][frame]).as_matrix()
            moved = values.get((joint, "translation"))
            local[:3, 3] = node["translation"] if moved is None else moved[frame]
            nodes[joint] = local if joint == 0 else nodes[JOINT_PARENTS[joint]] @ local
        matrices = (weights[..., None, None] * (nodes @ bind)[joints]).sum(1)
        found = np.einsum("vij,vj->vi", matrices[:, :3, :3], rest) + matrices[:, :3, 3]
        error = np.linalg.norm(found - y_up(posed[1][frame]), axis=1)
        assert np.median(error) < 1e-3 and error.max() < 0.05  # four joints a vertex, no more


def test_another_program_reads_the_glb(tmp_path, motion):
    trimesh = pytest.importorskip("trimesh")
    write_glb_motion(tmp_path / "m.glb", motion)
    scene = trimesh.load_scene(tmp_path / "m.glb")
    (mesh,) = scene.geometry.values()
    assert len(mesh.faces) == len(motion.body.faces)
    # Of somebody who stands upright: along y.
    assert 1.3 < np.ptp(mesh.vertices[:, 1]) < 2.5


def test_the_command_writes_everybody(humans4d, tmp_path, record):
    record()
    code, said, err = humans4d("export-motion", tmp_path, "-o", tmp_path / "out", "--format", "bvh")
    assert code == 0 and "person_101.bvh: 60 frames at 20/s" in said, err
    assert (tmp_path / "out" / "person_101.bvh").is_file()
    code, _, err = humans4d("export-motion", tmp_path, "-o", tmp_path, "--format", "fbx")
    assert code == 2 and err == "humans4d: --format fbx: give one of npz, bvh, glb\n"
    code, _, err = humans4d("export-motion", tmp_path, "-o", tmp_path, "--person", "5")
    assert code == 2 and "person 5 was never seen" in err
