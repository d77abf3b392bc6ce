"""QoS that users set by ROS's own parameters, `qos_overrides.TOPIC.subscription.POLICY`."""

from __future__ import annotations

from rcl_interfaces.msg import SetParametersResult
from rclpy.qos import HistoryPolicy, QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions

#: Messages that may wait; they are images.
MAX_DEPTH = 100


def overridable() -> QoSOverridingOptions:
    """For create_subscription: history, depth and reliability can be set."""
    return QoSOverridingOptions.with_default_policies(callback=_check)


def _check(quality: QoSProfile) -> SetParametersResult:
    depth = quality.depth
    fits = quality.history == HistoryPolicy.KEEP_ALL or 1 <= depth <= MAX_DEPTH
    reason = "" if fits else f"depth is {depth}: give 1 to {MAX_DEPTH}"
    return SetParametersResult(successful=fits, reason=reason)
