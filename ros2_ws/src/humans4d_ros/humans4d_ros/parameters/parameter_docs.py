"""Writes docs/parameters.md and config/humans4d.yaml from the table of parameters.

python -m humans4d_ros.parameters.parameter_docs      in a checkout, after a change of the table
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

from .parameter_table import PARAMETERS, Parameter

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


def _allowed(parameter: Parameter) -> str:
    """Its choices or its range."""
    info = parameter.info
    if info.choices:
        return ", ".join(info.choices)
    return "" if info.low is None else f"{info.low:g} to {info.high:.5g}"


def markdown() -> str:
    """The text of docs/parameters.md."""
    lines, group = [INTRODUCTION], ""
    for parameter in PARAMETERS.values():
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
            _allowed(parameter),
            "live" if parameter.info.live else "",
            parameter.info.meaning.replace("|", "\\|").replace("<", "\\<"),
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
    part = ""
    for parameter in PARAMETERS.values():
        of, dot, name = parameter.name.rpartition(".")
        if of != part:
            part = of
            lines.append(f"    {part}:")
        indent = " " * (6 if dot else 4)
        allowed = f" ({_allowed(parameter)})" if _allowed(parameter) else ""
        comment = textwrap.wrap(parameter.info.meaning + allowed, 96 - len(indent))
        lines += [f"{indent}# {line}" for line in comment]
        lines.append(f"{indent}{name}: {_yaml(parameter.default)}")
    return "\n".join(lines) + "\n"


def _yaml(value) -> str:
    return value if isinstance(value, str) and value.isidentifier() else json.dumps(value)


def main() -> int:
    """Writes the files that list parameters; the exit status."""
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
