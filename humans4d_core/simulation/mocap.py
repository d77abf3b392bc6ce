"""Acclaim motion capture (ASF skeleton, AMC motion), as the CMU database has it.

    bone's rotation in the parent's = C M C^-1,  C the bone's axes at rest, M its AMC angles

J. Lander, "Working with Motion Capture File Formats", Game Developer, 1998. Coordinates are the
file's: y up, the person at rest in a T looking along z with the left hand along x, as SMPL's.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ..errors import InputFileError
from ..untrusted_files import read_regular

#: A motion of an hour has 200 MB as text.
_MAX_BYTES = 256 << 20
_MAX_UNPACKER_BYTES = 128 << 20
FRAME_RATE = 120.0  #: of CMU's AMC files, frames a second
INCH = 0.0254  #: m; CMU's lengths are inches after division by the skeleton's unit


@dataclass(frozen=True)
class Bone:
    """A bone of an ASF skeleton."""

    direction: np.ndarray  #: (3,) from its start at rest
    length: float  #: m
    axes: np.ndarray  #: (3, 3) the frame in which its angles are given
    freedom: tuple[int, ...]  #: which of rx, ry, rz an AMC line gives
    parent: str  #: "root" for the first


@dataclass(frozen=True)
class Skeleton:
    """What an ASF file says of one person."""

    bones: dict[str, Bone]  #: parents come before children
    scale: float  #: m per AMC unit


@dataclass(frozen=True)
class Motion:
    """F frames, in the file's coordinates."""

    root: np.ndarray  #: (F, 3) m
    rotations: dict[str, np.ndarray]  #: bone or "root" -> (F, 3, 3) from its rest to the world


def read_skeleton(path: Path) -> Skeleton:
    """An .asf file. Raises InputFileError where it is missing or malformed."""
    try:
        sections = _sections(_text(path))
        length_unit = next(
            float(line.split()[1]) for line in sections["units"] if line.startswith("length")
        )
        scale = INCH / length_unit
        blocks = [_bone(block, scale) for block in _blocks(sections["bonedata"])]
        parents = {}
        for line in sections["hierarchy"]:
            parent, *children = line.split()
            if parent not in ("begin", "end"):
                parents.update(dict.fromkeys(children, parent))
        bones = {name: Bone(*values, parents[name]) for name, values in blocks}
        ordered: dict[str, Bone] = {}
        for name in parents:  # the hierarchy's lines go from the root outwards
            if bones[name].parent != "root" and bones[name].parent not in ordered:
                raise ValueError(f"bone {name} comes before its parent")
            ordered[name] = bones[name]
        return Skeleton(ordered, scale)
    except (KeyError, ValueError, IndexError, StopIteration) as error:
        raise InputFileError(f"{path} is not an ASF skeleton: {error!r}") from None


def read_motion(path: Path, skeleton: Skeleton, max_frames: int | None = None) -> Motion:
    """An .amc or .amc.xz file in degrees. Raises InputFileError where it does not fit."""
    angles: dict[str, list[list[float]]] = {}
    frames = 0
    try:
        for line in _text(path).splitlines():
            if not line or line[0] in "#:":
                continue
            name, *values = line.split()
            if not values:
                if frames == max_frames:
                    break
                frames += 1
            else:
                angles.setdefault(name, []).append([float(v) for v in values])
        if frames < 2 or any(len(rows) != frames for rows in angles.values()):
            raise ValueError("frames are incomplete")
        root = np.array(angles["root"])
        rotations = {"root": _euler(root[:, 3:])}
        for name, bone in skeleton.bones.items():
            turned = np.zeros((frames, 3))
            if bone.freedom:
                turned[:, bone.freedom] = np.array(angles[name])
            local = bone.axes @ _euler(turned) @ bone.axes.T
            rotations[name] = rotations[bone.parent] @ local
    except (KeyError, ValueError, IndexError) as error:
        raise InputFileError(f"{path} is not a motion of its skeleton: {error!r}") from None
    return Motion(root[:, :3] * skeleton.scale, rotations)


def _text(path: Path) -> str:
    try:
        data = read_regular(path, _MAX_BYTES)
        if path.suffix == ".xz":
            unpacker = lzma.LZMADecompressor(memlimit=_MAX_UNPACKER_BYTES)
            data = unpacker.decompress(data, _MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise InputFileError(f"{path} unpacks to more than any motion: it is not trusted")
        return data.decode("ascii", "replace")
    except lzma.LZMAError:
        raise InputFileError(f"{path} is not xz-compressed") from None


def _sections(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []  # what comes before the first section belongs to none
    for line in map(str.strip, text.splitlines()):
        if line.startswith(":"):
            current = sections.setdefault(line[1:].split()[0], [])
        elif line and not line.startswith("#"):
            current.append(line)
    return sections


def _blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in lines:
        if line == "begin":
            blocks.append([])
        elif line != "end":
            blocks[-1].append(line)
    return blocks


def _bone(
    lines: list[str], scale: float
) -> tuple[str, tuple[np.ndarray, float, np.ndarray, tuple[int, ...]]]:
    values = {words[0]: words[1:] for words in map(str.split, lines)}
    axis = _euler(np.array([float(v) for v in values["axis"][:3]]))
    freedom = tuple(["rx", "ry", "rz"].index(v) for v in values.get("dof", []) if v in "rx ry rz")
    direction = np.array([float(v) for v in values["direction"]])
    return values["name"][0], (direction, float(values["length"][0]) * scale, axis, freedom)


def _euler(degrees: np.ndarray) -> np.ndarray:
    """Turns about the fixed x, then y, then z: (*, 3) -> (*, 3, 3)."""
    return Rotation.from_euler("xyz", degrees, degrees=True).as_matrix()
