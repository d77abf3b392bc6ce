"""Which clips the inputs of an evaluation are, each with its truth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputFileError
from ..io.bags.bag_messages import is_bag
from ..io.images.image_folder import is_image
from ..shown_text import shown
from .association.imageless_source import is_imageless
from .association.sequences import find_file, sequence_info
from .results.evaluation_folder import Clip
from .results.fingerprints import fingerprint

#: Names of files in a folder that are taken for videos; one that is named itself may have any.
VIDEO_SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".wmv",
)  # fmt: skip


@dataclass(frozen=True)
class FoundInput:
    """One video, folder of images or bag."""

    path: Path
    name: str
    truth: Path | None = None  #: that lies where MOT Challenge has it
    frame_rate: float | None = None  #: of a seqinfo.ini
    boxes: Path | None = None  #: of a sequence without images


def find_inputs(paths: Sequence[Path]) -> list[FoundInput]:
    """Videos, bags and folders of images as they are; a folder of those as all that is in it.

    A folder with img1 is a sequence of MOT Challenge: images, gt/gt.txt and seqinfo.ini; one with
    seqinfo.ini and det.txt has boxes and no images. Raises InputFileError where there is nothing.
    """
    found: list[FoundInput] = []
    for path in paths:
        if not path.exists():
            raise InputFileError(f"{shown(path)} does not exist")
        is_one = path.is_file() or _is_input(path)
        inside = [path] if is_one else [p for p in _children(path) if _is_input(p)]
        if not inside:
            raise InputFileError(
                f"{shown(path)} is no video, folder of images, rosbag2 or sequence of boxes, and "
                "holds none"
            )
        found += [_input(each) for each in inside]
    return found


def clips_of(
    found: Sequence[FoundInput],
    truths: Sequence[str],
    boxes: Sequence[Path],
    frame_rate: float | None,
) -> list[Clip]:
    """Clips under names of their own. truths, boxes: none, or one an input in their order.

    Raises InputFileError where the numbers do not fit, or a file is missing.
    """
    for what, given in (("--truth", truths), ("--boxes", boxes)):
        if given and len(given) != len(found):
            raise InputFileError(
                f"{len(given)} times {what} for {len(found)} inputs: give it once an input, in "
                "their order"
            )
    clips: list[Clip] = []
    for k, each in enumerate(found):
        truth = truths[k] if truths else None if each.truth is None else str(each.truth)
        if truth is not None and not Path(truth.partition("#")[0]).exists():
            raise InputFileError(f"{shown(truth)} does not exist")
        own = boxes[k] if boxes else each.boxes
        name, number = each.name, 2
        while name in {clip.name for clip in clips}:
            name, number = f"{each.name}-{number}", number + 1
        place = None if truth is None else str(_resolved(truth))
        clips.append(Clip(
            name, str(each.path.resolve()), fingerprint(each.path), place,
            None if own is None else str(own.resolve()), frame_rate or each.frame_rate,
        ))  # fmt: skip
    return clips


def _resolved(truth: str) -> str:
    path, mark, part = truth.partition("#")
    return f"{Path(path).resolve()}{mark}{part}"


def _is_input(path: Path) -> bool:
    if path.is_dir():
        is_sequence = (path / "img1").is_dir() or is_imageless(path)
        return is_bag(path) or is_sequence or any(map(is_image, _children(path)))
    return is_bag(path) or path.suffix.lower() in VIDEO_SUFFIXES


def _children(path: Path) -> list[Path]:
    try:
        return sorted(p for p in path.iterdir() if not p.name.startswith("."))
    except OSError as error:
        raise InputFileError(f"cannot read {shown(path)}: {error.strerror}") from None


def _input(path: Path) -> FoundInput:
    name = re.sub(r"[^\w.-]+", "_", path.resolve().stem if path.is_file() else path.resolve().name)
    name = name.strip(".") or "clip"
    if is_imageless(path):
        return FoundInput(path, name, find_file(path, "gt"), boxes=find_file(path, "det"))
    if not (path / "img1").is_dir():
        return FoundInput(path, name)
    truth = path / "gt" / "gt.txt"
    rate = sequence_info(path / "seqinfo.ini").get("frameRate")
    return FoundInput(path / "img1", name, truth if truth.is_file() else None, rate)
