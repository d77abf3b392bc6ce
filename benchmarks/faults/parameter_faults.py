"""What strangers set, and what a hand that slips sets."""

from __future__ import annotations

import math
from dataclasses import fields

from bench import PARAMETERS, Bench
from humans4d_ros.parameters.parameter_table import PARAMETERS as TABLE
from processes import TIMEOUT
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    ListParameters,
    SetParameters,
    SetParametersAtomically,
)

from humans4d_core.tracking import TrackerConfig

#: Whether a value that is in its range may be set for a while: others would end the run.
_OF_NODE = [p for p in TABLE.values() if p.group != "Tracker"]
_LIVE = [p.name for p in _OF_NODE if p.info.live]
_DEFAULTS = {p.name: p.default for p in _OF_NODE}
_TRACKER = {f"tracker__{item.name}": item.default for item in fields(TrackerConfig)}


def random_values(bench: Bench) -> None:
    """Everything that may change while people are followed, many times, in and out of range."""
    for _ in range(60):
        name = bench.random.choice(_LIVE)
        bench.set(**{name: _any_like(bench, _DEFAULTS[name])})
    _put_back(bench)


def random_tracker(bench: Bench) -> None:
    for _ in range(20):
        name = bench.random.choice(list(_TRACKER))
        bench.set(**{name: _any_like(bench, _TRACKER[name])})
        bench.pause(0.05)
    bench.pause(1)
    _put_back(bench)


def extreme_tracker(bench: Bench) -> None:
    """The ends of what a double can hold."""
    for name, default in _TRACKER.items():
        if isinstance(default, float):
            extremes = (0.0, 1e-300, 1e-30, 1e-9, 1e9, 1e30, 1e150, 1e300, math.inf, math.nan)
            bench.set(**{name: bench.random.choice(extremes)})
    bench.pause(2)
    _put_back(bench)


def values_of_no_type(bench: Bench) -> None:
    """Types that ROS does not have, and values that do not belong to their type."""
    for kind in (200, 255, ParameterType.PARAMETER_NOT_SET, ParameterType.PARAMETER_BYTE_ARRAY):
        for name in ("max_rate", "no_such_parameter", "use_sim_time", ""):
            # rclpy fails before the node could answer.
            _send(bench, Parameter(name=name, value=ParameterValue(type=kind)), timeout=1.0)


def names_and_texts(bench: Bench) -> None:
    """Long ones, with what terminals obey in them."""
    text = ParameterValue(type=ParameterType.PARAMETER_STRING)
    text.string_value = "\x1b[2J\r\n[ERROR] forged" + "t" * bench.random.choice((10, 1_000_000))
    for name in ("target_frame", "tf_id_prefix", "checkpoint", text.string_value[:50_000]):
        _send(bench, Parameter(name=name, value=text))


def many_at_once(bench: Bench) -> None:
    value = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=1e9)
    names = [f"unknown_{number}" for number in range(2000)] + ["max_rate"] * 500
    many = [Parameter(name=name, value=value) for name in names]
    _send(bench, *many)
    request = SetParametersAtomically.Request(parameters=many)
    bench.call(SetParametersAtomically, "set_parameters_atomically", request)


def questions(bench: Bench) -> None:
    """About parameters that there are not, thousands of them."""
    names = ["", "\x1b[31m", *(f"unknown_{number}" for number in range(3000))]
    bench.call(DescribeParameters, "describe_parameters", DescribeParameters.Request(names=names))
    bench.call(GetParameters, "get_parameters", GetParameters.Request(names=names))
    request = ListParameters.Request(prefixes=[*names[:200], "tracker"], depth=2**63)
    bench.call(ListParameters, "list_parameters", request)


def fixed_while_active(bench: Bench) -> None:
    """What cannot change now is refused, and stays."""
    bench.set(detector="nanodet", target_frame="elsewhere", use_depth=True, use_sim_time=True)


def _send(bench: Bench, *parameters: Parameter, timeout: float = TIMEOUT) -> None:
    request = SetParameters.Request(parameters=list(parameters))
    bench.call(SetParameters, "set_parameters", request, timeout)


def _any_like(bench: Bench, default):
    """A value of the same type as a parameter's default, perhaps out of its range."""
    if isinstance(default, bool):
        return bench.random.random() < 0.5
    if isinstance(default, int):
        return bench.random.choice((-1, 0, 1, 2, 10, 100, 2**31, 2**62))
    if isinstance(default, float):
        return 10 ** bench.random.uniform(-4, 4) * bench.random.choice((1, 1, 1, -1))
    return bench.random.choice(("", "nonsense", default))


def _put_back(bench: Bench) -> None:
    for name, value in {**{name: _DEFAULTS[name] for name in _LIVE}, **_TRACKER}.items():
        bench.set(**{name: PARAMETERS.get(name, value)})
