"""Options of the command line out of the pipeline's settings, and settings out of options."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ..config import SETTINGS, PipelineConfig, Setting
from ..config.privacy import PRIVACY
from ..errors import Humans4dError
from ..shown_text import shown

#: Where parameter files of ROS keep the values.
ROS_KEY = "ros__parameters"


def option(name: str, *flags: str, **more: Any) -> Any:
    """The option of one setting; its help, range and default are the setting's."""
    found = SETTINGS[name]
    low, high = found.info.low, found.info.high
    default = found.default if isinstance(found.default, str) else f"{found.default:g}"
    help_text = found.info.meaning
    if found.info.choices:
        help_text += f" One of: {', '.join(found.info.choices)}."
    return typer.Option(*flags, help=help_text, min=low, max=high, show_default=default or False,
                        **more)  # fmt: skip


#: Any setting, and files of them, as `run` and `evaluate` take them.
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="Any setting of docs/parameters.md that is not the "
        "node's alone, such as tracker.confirm_seconds=0.2. May be repeated.",
    ),
]  # fmt: skip


#: The camera of inputs that do not bring one.
def _privacy(value: str) -> str:
    if value not in PRIVACY:
        raise Humans4dError(f"--privacy {shown(value)}: give one of {', '.join(PRIVACY)}")
    return value


PrivacyOption = Annotated[
    str,
    typer.Option(
        "--privacy",
        help="What pictures show of people: none (all is shown), heads (hidden), no_image (black).",
        callback=_privacy,
    ),
]
FovOption = Annotated[
    float | None,
    typer.Option(
        help="The camera's horizontal field of view, degrees: over the width of the images."
    ),
]
IntrinsicsOption = Annotated[
    str | None,
    typer.Option(help="The camera as fx,fy,cx,cy[,k1,k2,p1,p2,k3,...], pixels.", metavar="NUMBERS"),
]
FixedFrameOption = Annotated[
    str | None,
    typer.Option(help="Of bags with TF: a frame that does not move, such as odom. The camera's "
                 "motion is then known.", show_default=False),
]  # fmt: skip
GroundFrameOption = Annotated[
    str | None,
    typer.Option(help="Of bags with TF: a frame whose plane z = 0 people stand on.",
                 show_default=False),
]  # fmt: skip
DepthTopicOption = Annotated[
    str | None,
    typer.Option(help="Of bags: images of depth, aligned to the colour images.",
                 show_default=False),
]  # fmt: skip
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="YAML file of settings; the node's parameter file is one, too. Options "
        "given here go before it.",
    ),
]  # fmt: skip


def pipeline_config(
    file: Path | None = None, changes: Sequence[str] = (), **options: Any
) -> PipelineConfig:
    """Defaults, then the file's settings, then `changes` (NAME=VALUE), then options by their
    setting's name; an option that is None was not given.

    Raises Humans4dError for what is no setting and for values that cannot be.
    """
    values = {} if file is None else _read(file)
    for text in changes:
        name, equals, value = text.partition("=")
        if not equals or name not in SETTINGS:
            raise Humans4dError(f"--set {shown(text)}: give NAME=VALUE, {_known(name)}")
        values[name] = _parsed(SETTINGS[name], value)
    for name, value in options.items():
        if value is not None:
            values[name] = str(value) if isinstance(value, Path) else value
    return PipelineConfig().replaced(values)


def _known(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, SETTINGS, 3, 0.5) or ["tracker.confirm_seconds"]
    return f"where NAME is a setting such as {', '.join(near)}"


def _parsed(found: Setting, text: str) -> bool | int | float | str:
    """A value as the setting's type; what cannot be one stays a text, which the check refuses."""
    if isinstance(found.default, str):
        return text
    if isinstance(found.default, bool):
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return int(text) if isinstance(found.default, int) else float(text)
    except ValueError:
        return text


def _read(file: Path) -> dict[str, Any]:
    from ..untrusted_files import read_yaml

    content = read_yaml(file)
    if not isinstance(content, dict):
        raise Humans4dError(f"{shown(file)} holds no settings: give NAME: VALUE, one a line")
    of_node = [
        part[ROS_KEY]
        for part in content.values()
        if isinstance(part, dict) and isinstance(part.get(ROS_KEY), dict)
    ]
    values: dict[str, Any] = {}
    for part in of_node or [content]:
        values |= _flat(part)
    if of_node:  # the node has parameters of its own
        return {name: value for name, value in values.items() if name in SETTINGS}
    if unknown := [name for name in values if name not in SETTINGS]:
        raise Humans4dError(f"{shown(file)} sets '{shown(unknown[0])}': {_known(str(unknown[0]))}")
    return values


def _flat(values: dict, prefix: str = "") -> dict[str, Any]:
    """Nested mappings as names with dots."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        flat |= _flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return flat
