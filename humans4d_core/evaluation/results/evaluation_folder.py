"""The folder of an evaluation: what is run, what is finished, and where everything lies.

    plan.json                 settings, inputs with fingerprints, truth
    clips/NAME/               one finished input:
        images.parquet        an image a row
        tracks.parquet        a person and image a row
        tracks.txt            who was confirmed and seen, in MOT format
        people.jsonl, summary.json      as of `humans4d run`
        times.parquet         seconds of each image; all else is equal from run to run
    scores.json, errors.parquet, report.html

A clip's folder gets its name when it is finished, so that a run that was killed goes on with what
is missing.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import Humans4dError, InputFileError
from ...shown_text import shown
from ...untrusted_files import read_regular

MOST_PLAN_BYTES = 64 << 20


@dataclass(frozen=True)
class Clip:
    """One input of an evaluation."""

    name: str  #: unique, a file name
    input: str  #: path
    fingerprint: str
    truth: str | None = None  #: path
    boxes: str | None = None  #: path
    frame_rate: float | None = None


@dataclass(frozen=True)
class Plan:
    """What an evaluation is of. Two plans that differ give other results."""

    settings: dict[str, Any]  #: of the pipeline, by the names of parameters
    options: dict[str, Any]  #: camera, topic, and what else the inputs are read by
    clips: tuple[Clip, ...]

    def difference(self, other: Plan) -> str:
        """What differs, for the user; "" where nothing does. Clips may be added."""
        for mine, theirs in ((self.settings, other.settings), (self.options, other.options)):
            for name in sorted({*mine, *theirs}):
                if mine.get(name) != theirs.get(name):
                    return f"{name} was {mine.get(name)} and is {theirs.get(name)}"
        known = {clip.name: clip for clip in self.clips}
        for clip in other.clips:
            before = known.get(clip.name)
            if before is None:
                continue
            if before.fingerprint != clip.fingerprint:
                return f"{clip.input} is another file than before"
            for name in ("boxes", "frame_rate"):
                if getattr(before, name) != getattr(clip, name):
                    return f"{name} of {clip.name} are other ones than before"
        return ""


class EvaluationFolder:
    """A folder that `humans4d evaluate run` has begun."""

    def __init__(self, path: Path):
        self.path = Path(path)

    @property
    def plan_path(self) -> Path:
        return self.path / "plan.json"

    def clip(self, name: str) -> Path:
        """Folder of a finished clip."""
        return self.path / "clips" / name

    def unfinished(self, name: str) -> Path:
        """Where a clip is worked on."""
        return self.path / "clips" / f".{name}.unfinished"

    def is_finished(self, name: str) -> bool:
        return (self.clip(name) / "summary.json").is_file()

    def begin(self, plan: Plan) -> list[Clip]:
        """Make the folder, or go on in it: the clips that are still missing.

        Raises Humans4dError where it holds an evaluation of something else.
        """
        if self.plan_path.exists():
            before = self.plan()
            if difference := before.difference(plan):
                raise Humans4dError(
                    f"{shown(self.path)} holds another evaluation: {difference}; choose another -o"
                )
            kept = [c for c in before.clips if c.name not in {clip.name for clip in plan.clips}]
            plan = Plan(plan.settings, plan.options, (*kept, *plan.clips))
        elif self.path.exists() and any(self.path.iterdir()):
            raise Humans4dError(f"{shown(self.path)} holds something else: choose another -o")
        try:
            (self.path / "clips").mkdir(parents=True, exist_ok=True)
            self.write_json("plan.json", asdict(plan))
        except OSError as error:
            raise Humans4dError(f"cannot write {shown(error.filename)}: {error.strerror}") from None
        missing = [clip for clip in plan.clips if not self.is_finished(clip.name)]
        for clip in missing:
            shutil.rmtree(self.unfinished(clip.name), ignore_errors=True)
        return missing

    def finish(self, name: str) -> None:
        """A clip is whole: from now on it has its name."""
        self.unfinished(name).replace(self.clip(name))

    def plan(self) -> Plan:
        """Of the folder. Raises InputFileError where it has none."""
        content = self.read_json("plan.json")
        try:
            clips = tuple(Clip(**clip) for clip in content["clips"])
            return Plan(dict(content["settings"]), dict(content["options"]), clips)
        except (KeyError, TypeError, ValueError) as error:
            raise InputFileError(
                f"{shown(self.plan_path)} is no plan of an evaluation: {shown(error)}"
            ) from None

    def finished_clips(self) -> list[Clip]:
        """In the plan's order. Raises InputFileError where there is none."""
        clips = [clip for clip in self.plan().clips if self.is_finished(clip.name)]
        if not clips:
            raise InputFileError(
                f"{shown(self.path)} has no finished clip: run `humans4d evaluate run` again"
            )
        return clips

    def read_json(self, name: str) -> dict[str, Any]:
        """A file of this folder. Raises InputFileError where it is missing or no JSON object."""
        path = self.path / name
        if not path.exists():
            raise InputFileError(
                f"{shown(self.path)} has no {name}: it is no folder of `humans4d evaluate run`"
            )
        try:
            content = json.loads(read_regular(path, MOST_PLAN_BYTES))
        except (ValueError, RecursionError):
            raise InputFileError(f"{shown(path)} is no JSON") from None
        if not isinstance(content, dict):
            raise InputFileError(f"{shown(path)} is no JSON object")
        return content

    def write_json(self, name: str, content: dict[str, Any]) -> None:
        """Whole or not at all."""
        part = self.path / f"{name}.part"
        part.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        part.replace(self.path / name)
