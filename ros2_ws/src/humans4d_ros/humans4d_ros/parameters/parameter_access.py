"""Declares the table's parameters in a node, reads them, and decides what may change when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)

from humans4d_core.config import SETTINGS, PipelineConfig
from humans4d_core.errors import Humans4dError
from humans4d_core.shown_text import shown

from ..distributions import after_parameters_were_set
from .parameter_table import PARAMETERS, NodeParameters, Parameter, Settings

#: ROS's own: whether time comes from /clock.
SIM_TIME = "use_sim_time"


def declare_parameters(node) -> None:
    """Declare all of them; rclpy raises if a given value has the wrong type or is out of range."""
    for parameter in PARAMETERS.values():
        node.declare_parameter(parameter.name, parameter.default, _descriptor(parameter))


def read_parameters(node) -> Settings:
    """What the parameters say now; raises Humans4dError where a value cannot be used."""
    return _settings_with(node, {})


def is_ours(name: str) -> bool:
    """Whether a parameter is of the table (others are ROS's own, such as use_sim_time)."""
    return name in PARAMETERS


def is_live(name: str) -> bool:
    """Whether a parameter of ours may change while the node is configured."""
    return PARAMETERS[name].info.live


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
            for name, value in changes.items():
                PARAMETERS[name].check(value)
            return ""
        settings = self.settings
        fixed = [n for n, v in changes.items() if not is_live(n) and v != settings.value(n)]
        if fixed:
            return (
                f"{', '.join(fixed)} can change while the node is unconfigured only: clean it up "
                "first"
            )
        of_tracker = [name for name in changes if PARAMETERS[name].group == "Tracker"]
        if of_tracker and settings.pipeline.tracking != "default":
            return (
                f"{', '.join(of_tracker)} has no effect: the tracker is "
                f"{settings.pipeline.tracking}, which has constants of its own"
            )
        _settings_with(self._node, changes)
        return ""

    def _hand_over(self, parameters) -> None:
        if not self._configured:
            return
        current = self.settings
        changes = {
            p.name: p.value
            for p in parameters
            if is_ours(p.name) and p.value != current.value(p.name)
        }
        if changes:
            self.settings = _settings_with(self._node, changes)
            told = ", ".join(f"{name} = {shown(value)}" for name, value in changes.items())
            self._node.get_logger().info(f"from the next image on: {told}")


def _settings_with(node, changes: Mapping[str, Any]) -> Settings:
    """The node's parameters with some changed; raises Humans4dError where they cannot be used."""
    values = {
        name: changes[name] if name in changes else node.get_parameter(name).value
        for name in PARAMETERS
    }
    for name, value in values.items():
        PARAMETERS[name].check(value)
    of_pipeline = {name: value for name, value in values.items() if name in SETTINGS}
    of_node = {name: value for name, value in values.items() if name not in SETTINGS}
    return Settings(NodeParameters(**of_node), PipelineConfig().replaced(of_pipeline))


def _descriptor(parameter: Parameter) -> ParameterDescriptor:
    info, kind = parameter.info, type(parameter.default)
    constraints = [f"One of: {', '.join(info.choices)}."] if info.choices else []
    if not info.live:
        constraints.append("Fixed while the node is configured.")
    descriptor = ParameterDescriptor(
        description=info.meaning, additional_constraints=" ".join(constraints)
    )
    if info.low is None:
        return descriptor
    ends = {"from_value": kind(info.low), "to_value": kind(info.high)}
    if parameter.group == "Tracker":
        # Checked by TrackerConfig itself, whose sentences say what to do.
        descriptor.additional_constraints = f"{info.low:g} to {info.high:g}."
    elif kind is float:
        descriptor.floating_point_range = [FloatingPointRange(**ends)]
    else:
        descriptor.integer_range = [IntegerRange(**ends)]
    return descriptor
