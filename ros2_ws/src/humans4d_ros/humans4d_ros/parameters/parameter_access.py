"""Declares the table's parameters in a node, reads them, and decides what may change when."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)

from humans4d_core.errors import Humans4dError
from humans4d_core.shown_text import shown
from humans4d_core.tracking import TrackerConfig
from humans4d_core.tracking.tracker_config import check_value as check_tracker_value

from ..distributions import after_parameters_were_set
from .parameter_table import NodeParameters, check_value

#: Parameters of this prefix are the fields of TrackerConfig.
TRACKER_PREFIX = "tracker."
#: ROS's own: whether time comes from /clock.
SIM_TIME = "use_sim_time"
#: Those that a tracker looks up at every image. What is not named here is fixed in configure.
LIVE_TRACKER_FIELDS = frozenset(
    {
        "confirm_seconds", "confirm_hits", "tentative_seconds", "occluded_seconds", "start_score",
        "continue_score", "walking_speed", "velocity_seconds", "use_position", "use_joints",
        "reidentify_seconds", "duplicate_iou",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """All parameters at one moment. It is replaced as a whole, never written into: whoever holds
    one, in whatever thread, has values that belong together."""

    node: NodeParameters = NodeParameters()
    tracker: TrackerConfig = TrackerConfig()


def declare_parameters(node) -> None:
    """Declare all of them; rclpy raises if a given value has the wrong type or is out of range."""
    for item in fields(NodeParameters):
        node.declare_parameter(item.name, item.default, _descriptor(item))
    for item in fields(TrackerConfig):
        descriptor = ParameterDescriptor(description=tracker_meanings()[item.name])
        if item.metadata:
            # Checked by TrackerConfig itself, whose sentences say what to do.
            low, high = item.metadata["low"], item.metadata["high"]
            descriptor.additional_constraints = f"{low:g} to {high:g}."
        node.declare_parameter(TRACKER_PREFIX + item.name, item.default, descriptor)


def read_parameters(node) -> Settings:
    """What the parameters say now; raises Humans4dError where a value cannot be used."""
    return _settings_with(node, {})


def is_ours(name: str) -> bool:
    """Whether a parameter is of this table (others are ROS's own, such as use_sim_time)."""
    return name.startswith(TRACKER_PREFIX) or name in NodeParameters.__dataclass_fields__


def is_live(name: str) -> bool:
    """Whether a parameter of ours may change while the node is configured."""
    if name.startswith(TRACKER_PREFIX):
        return name[len(TRACKER_PREFIX) :] in LIVE_TRACKER_FIELDS
    return NodeParameters.__dataclass_fields__[name].metadata["live"]


def tracker_meanings() -> dict[str, str]:
    """What each field of TrackerConfig means: the comment above it, or above the field before."""
    meanings: dict[str, str] = {}
    comment: list[str] = []
    is_complete = True
    for line in inspect.getsource(TrackerConfig).splitlines():
        if match := re.match(r"    #: ?(.*)", line):
            comment = [match[1]] if is_complete else [*comment, match[1]]
            is_complete = False
        elif match := re.match(r"    (\w+): ", line):
            meanings[match[1]] = " ".join(comment)
            is_complete = True
    return {item.name: meanings[item.name] for item in fields(TrackerConfig)}


class LiveParameters:
    """The parameters of a node while it runs: checked before a change, handed over after it.

    `settings` belongs to any thread: the executor replaces it, the worker looks at it before each
    image.
    """

    def __init__(self, node):
        """Declare the parameters and watch over them."""
        declare_parameters(node)
        self._node = node
        self._configured = False
        self.settings = Settings()
        after_parameters_were_set(node, self._hand_over)
        node.add_on_set_parameters_callback(self._allow)

    def configure(self) -> Settings:
        """Read all of them; from now on only the live ones may change. Raises Humans4dError."""
        self.settings = read_parameters(self._node)
        self._configured = True
        return self.settings

    def release(self) -> None:
        """Every parameter may change again."""
        self._configured = False

    def _allow(self, parameters) -> SetParametersResult:
        changes = {p.name: p.value for p in parameters if is_ours(p.name)}
        try:
            if self._configured and any(map(self._is_another_clock, parameters)):
                return SetParametersResult(
                    successful=False,
                    reason=f"{SIM_TIME} can change while the node is unconfigured only: stamps of "
                    "two clocks do not go together; clean it up first",
                )
            if reason := self._refusal(changes):
                return SetParametersResult(successful=False, reason=reason)
        except Humans4dError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _is_another_clock(self, parameter) -> bool:
        return parameter.name == SIM_TIME and (
            parameter.value != self._node.get_parameter(SIM_TIME).value
        )

    def _refusal(self, changes: Mapping[str, Any]) -> str:
        if not self._configured:
            # Values that must fit each other are set one after the other: configure judges them.
            for name in changes.keys() & NodeParameters.__dataclass_fields__.keys():
                check_value(name, changes[name])
            for name in changes:
                if name.startswith(TRACKER_PREFIX):
                    check_tracker_value(name[len(TRACKER_PREFIX) :], changes[name])
            return ""
        current = _flat(self.settings)
        fixed = [name for name, v in changes.items() if not is_live(name) and v != current[name]]
        if fixed:
            return (
                f"{', '.join(fixed)} can change while the node is unconfigured only: clean it up "
                "first"
            )
        of_tracker = [name for name in changes if name.startswith(TRACKER_PREFIX)]
        if of_tracker and self.settings.node.tracking != "default":
            return (
                f"{', '.join(of_tracker)} has no effect: the tracker is "
                f"{self.settings.node.tracking}, which has constants of its own"
            )
        _settings_with(self._node, changes)
        return ""

    def _hand_over(self, parameters) -> None:
        if not self._configured:
            return
        current = _flat(self.settings)
        changes = {
            p.name: p.value for p in parameters if is_ours(p.name) and p.value != current[p.name]
        }
        if changes:
            self.settings = _settings_with(self._node, changes)
            told = ", ".join(f"{name} = {shown(value)}" for name, value in changes.items())
            self._node.get_logger().info(f"from the next image on: {told}")


def _settings_with(node, changes: Mapping[str, Any]) -> Settings:
    """The node's parameters with some changed; raises Humans4dError where they cannot be used."""

    def value(name: str):
        return changes[name] if name in changes else node.get_parameter(name).value

    of_node = {item.name: value(item.name) for item in fields(NodeParameters)}
    of_tracker = {item.name: value(TRACKER_PREFIX + item.name) for item in fields(TrackerConfig)}
    return Settings(NodeParameters(**of_node), TrackerConfig(**of_tracker))


def _flat(settings: Settings) -> dict[str, Any]:
    """Every parameter's value by its name in ROS."""
    of_node = {item.name: getattr(settings.node, item.name) for item in fields(NodeParameters)}
    of_tracker = {
        TRACKER_PREFIX + item.name: getattr(settings.tracker, item.name)
        for item in fields(TrackerConfig)
    }
    return {**of_node, **of_tracker}


def _descriptor(item) -> ParameterDescriptor:
    low, high = item.metadata["low"], item.metadata["high"]
    choices = item.metadata["choices"]
    constraints = [f"One of: {', '.join(choices)}."] if choices else []
    if not item.metadata["live"]:
        constraints.append("Fixed while the node is configured.")
    descriptor = ParameterDescriptor(
        description=item.metadata["meaning"], additional_constraints=" ".join(constraints)
    )
    if isinstance(low, float):
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif low is not None:
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]
    return descriptor
