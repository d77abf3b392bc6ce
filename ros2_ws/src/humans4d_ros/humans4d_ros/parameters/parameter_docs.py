"""Writes docs/parameters.md and config/humans4d.yaml from the table of parameters.

python -m humans4d_ros.parameters.parameter_docs      in a checkout, after a change of the table
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from humans4d_core.tracking import TrackerConfig

from .parameter_access import TRACKER_PREFIX, is_live, tracker_meanings
from .parameter_table import NodeParameters

TYPES = {bool: "bool", int: "integer", float: "double", str: "string"}
INTRODUCTION = """\
# Parameters

Written by `./run exec python -m humans4d_ros.parameters.parameter_docs` from the node's table; do
not edit.

**live** parameters may change at any time (`ros2 param set /humans4d NAME VALUE`) and hold from the
next image on. The others are read in `configure`: a change is refused, with the reason, until the
node is cleaned up. A value of another type, out of its range or that does not fit the others is
refused, too. `ros2 param describe /humans4d NAME` tells what is told here.
[config/humans4d.yaml](../ros2_ws/src/humans4d_ros/config/humans4d.yaml) is a file of them all for
`--params-file`.
"""


@dataclass(frozen=True)
class _Parameter:
    """What is told about one of them."""

    name: str
    group: str
    default: bool | int | float | str
    meaning: str
    allowed: str


def _parameters() -> Iterator[_Parameter]:
    for item in fields(NodeParameters):
        row = item.metadata
        if row["choices"]:
            allowed = ", ".join(row["choices"])
        else:
            allowed = _range(row)
        yield _Parameter(item.name, row["group"], item.default, row["meaning"], allowed)
    meanings = tracker_meanings()
    for item in fields(TrackerConfig):
        name = TRACKER_PREFIX + item.name
        allowed = _range(item.metadata)
        yield _Parameter(name, "Tracker", item.default, meanings[item.name], allowed)


def _range(metadata: Mapping) -> str:
    low, high = metadata.get("low"), metadata.get("high")
    return "" if low is None else f"{low:g} to {high:.5g}"


def markdown() -> str:
    """The text of docs/parameters.md."""
    lines, group = [INTRODUCTION], ""
    for parameter in _parameters():
        if parameter.group != group:
            group = parameter.group
            lines += [
                f"\n## {group}\n",
                "| name | type | default | range | | meaning |",
                "|---|---|---|---|---|---|",
            ]
        cells = (
            f"`{parameter.name}`",
            TYPES[type(parameter.default)],
            f"`{_yaml(parameter.default)}`",
            parameter.allowed,
            "live" if is_live(parameter.name) else "",
            parameter.meaning.replace("|", "\\|").replace("<", "\\<"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def yaml() -> str:
    """The text of config/humans4d.yaml."""
    lines = [
        "# The node's parameters with their defaults. Written by `./run exec python -m",
        "# humans4d_ros.parameters.parameter_docs`: change a copy, and give it as params_file.",
        "/**:",
        "  ros__parameters:",
    ]
    in_tracker = False
    for parameter in _parameters():
        name, indent = parameter.name, " " * 4
        if name.startswith(TRACKER_PREFIX):
            if not in_tracker:
                lines.append("    tracker:")
                in_tracker = True
            name, indent = name[len(TRACKER_PREFIX) :], " " * 6
        allowed = f" ({parameter.allowed})" if parameter.allowed else ""
        comment = textwrap.wrap(parameter.meaning + allowed, 96 - len(indent))
        lines += [f"{indent}# {line}" for line in comment]
        lines.append(f"{indent}{name}: {_yaml(parameter.default)}")
    return "\n".join(lines) + "\n"


def _yaml(value) -> str:
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value)


def main() -> int:
    package = Path(__file__).resolve().parents[2]
    docs = package.parents[2] / "docs"
    if not docs.is_dir():
        print(f"error: {docs} does not exist: run this in a checkout", file=sys.stderr)
        return 2
    (docs / "parameters.md").write_text(markdown())
    (package / "config" / "humans4d.yaml").write_text(yaml())
    return 0


if __name__ == "__main__":
    sys.exit(main())
