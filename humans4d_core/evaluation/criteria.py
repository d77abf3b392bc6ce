"""Whether an evaluation is good enough: bounds on figures, from a YAML file.

The file is a list under `criteria`. An entry has `figure` (such as position_error.p95), `at_most`
or `at_least` or both, and may have `where` (a part of the rows, such as "0 to 5 m"), `clip` (one
clip instead of all together, or with * and ? each clip of a class of scenes, such as "indoor_*")
and `certain: true` (the whole 95 % interval has to be there).
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from ..errors import Humans4dError, InputFileError
from ..shown_text import shown
from ..untrusted_files import read_yaml
from .scores.figures import ALL, Figure


@dataclass(frozen=True)
class Criterion:
    """One bound on one figure."""

    figure: str
    where: str = ALL
    clip: str | None = None
    at_most: float | None = None
    at_least: float | None = None
    certain: bool = False

    @property
    def title(self) -> str:
        """For tables: figure, part, clip and bound."""
        part = "" if self.where == ALL else f", {self.where}"
        clip = "" if self.clip is None else f" of {self.clip}"
        bounds = [
            f"{words} {value:g}"
            for words, value in (("at least", self.at_least), ("at most", self.at_most))
            if value is not None
        ]
        sure = " (certain)" if self.certain else ""
        return f"{self.figure}{part}{clip} {' and '.join(bounds)}{sure}"


@dataclass(frozen=True)
class Verdict:
    """What came of a criterion."""

    criterion: Criterion
    figure: Figure | None
    problem: str  #: why it is not met; "": it is

    @property
    def is_met(self) -> bool:
        return not self.problem


def read_criteria(path: Path) -> list[Criterion]:
    """Raises InputFileError where the file holds something else."""
    try:
        import pydantic
    except ImportError as error:
        raise Humans4dError(
            f"pydantic cannot be imported ({error}), and it reads criteria: pip install "
            "'.[evaluate]' in the checkout"
        ) from None
    content = read_yaml(path)
    if not isinstance(content, dict) or list(content) != ["criteria"]:
        raise InputFileError(f"{shown(path)} holds no criteria: give a list called 'criteria'")
    return _checked(pydantic, content["criteria"], path)


def judge(
    criteria: Sequence[Criterion], figures: Sequence[Figure], by_clip: dict[str, list[Figure]]
) -> list[Verdict]:
    """A verdict a criterion, and a clip where it is of several. Raises InputFileError where a
    criterion names nothing that there is: a figure of which there was nothing to tell is not met.
    """
    return [
        _verdict(each, figures, by_clip)
        for criterion in criteria
        for each in _of_each_clip(criterion, by_clip)
    ]


def write_junit(path: Path, verdicts: Sequence[Verdict]) -> None:
    """As JUnit XML, which CI systems read."""
    suite = ElementTree.Element(
        "testsuite", name="humans4d criteria", tests=str(len(verdicts)), errors="0",
        failures=str(sum(not verdict.is_met for verdict in verdicts)),
    )  # fmt: skip
    for verdict in verdicts:
        case = ElementTree.SubElement(
            suite, "testcase", classname="humans4d.criteria", name=shown(verdict.criterion.title)
        )
        if not verdict.is_met:
            ElementTree.SubElement(case, "failure", message=shown(verdict.problem))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", xml_declaration=True)
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise Humans4dError(f"cannot write {shown(path)}: {error.strerror}") from None


def _of_each_clip(criterion: Criterion, by_clip: dict[str, list[Figure]]) -> list[Criterion]:
    """The criterion, or where its clip is a pattern, one for each clip that it names."""
    if criterion.clip is None or not by_clip or criterion.clip in by_clip:
        return [criterion]
    found = [name for name in by_clip if fnmatchcase(name, criterion.clip)]
    if not found:
        raise InputFileError(
            f"criterion '{criterion.title}': there is no clip {shown(criterion.clip)} "
            f"({', '.join(by_clip)})"
        )
    return [replace(criterion, clip=name) for name in found]


def _verdict(
    criterion: Criterion, figures: Sequence[Figure], by_clip: dict[str, list[Figure]]
) -> Verdict:
    if criterion.clip is not None:
        figures = by_clip.get(criterion.clip, figures)
    named = [figure for figure in figures if figure.name == criterion.figure]
    if not named:
        names = sorted({figure.name for figure in figures})
        near = get_close_matches(criterion.figure, names, 3, 0.4) or names[:5]
        raise InputFileError(
            f"there is no figure {shown(criterion.figure)}; it may need a truth; near it: "
            f"{', '.join(near)}"
        )
    found = next((figure for figure in named if figure.where == criterion.where), None)
    if found is None:
        parts = ", ".join(figure.where for figure in named)
        return Verdict(criterion, None, f"no row is '{criterion.where}' (there are: {parts})")
    return Verdict(criterion, found, _problem(criterion, found))


def _problem(criterion: Criterion, figure: Figure) -> str:
    if figure.value is None:
        return "there is nothing to tell it from"
    low = high = figure.value
    if criterion.certain:
        if figure.low is None or figure.high is None:
            return "it has no interval, so nothing is certain"
        low, high = figure.low, figure.high
    what = "the interval ends at" if criterion.certain else "it is"
    if criterion.at_most is not None and high > criterion.at_most:
        return f"{what} {high:.4g} {figure.unit}".rstrip()
    if criterion.at_least is not None and low < criterion.at_least:
        return f"{what} {low:.4g} {figure.unit}".rstrip()
    return ""


def _checked(pydantic, lines, path: Path) -> list[Criterion]:
    model = pydantic.create_model(
        "Line",
        __config__=pydantic.ConfigDict(extra="forbid", strict=True),
        figure=(str, ...), where=(str, ALL), clip=(str | None, None),
        at_most=(float | None, None), at_least=(float | None, None), certain=(bool, False),
    )  # fmt: skip
    try:
        found = [
            Criterion(**line.model_dump())
            for line in pydantic.TypeAdapter(list[model]).validate_python(lines)  # type: ignore[valid-type]
        ]
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputFileError(f"{shown(path)}, {shown(place)}: {shown(first['msg'])}") from None
    for criterion in found:
        if criterion.at_most is None and criterion.at_least is None:
            raise InputFileError(f"{shown(path)}: {shown(criterion.figure)} has no bound")
    return found
