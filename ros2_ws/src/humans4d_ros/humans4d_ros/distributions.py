"""Where the ROS 2 distributions differ (Humble, Jazzy, Kilted, Lyrical): each difference once."""

from __future__ import annotations

import os
from collections.abc import Callable


def fast_dds_profile_variable() -> str:
    """The environment variable that names Fast DDS's profiles.

    Fast DDS 2, which Humble and Jazzy have, knows the old name only; Fast DDS 3 the new one.
    """
    has_fast_dds_2 = os.environ.get("ROS_DISTRO") in ("humble", "iron", "jazzy")
    prefix = "FASTRTPS" if has_fast_dds_2 else "FASTDDS"
    return f"{prefix}_DEFAULT_PROFILES_FILE"


def after_parameters_were_set(node, callback: Callable[[list], None]) -> None:
    """Have `callback(parameters)` called after a change that was accepted.

    Humble has no such callback: there it is called with the check itself, so add the checks that
    may refuse a change after it (the last one added is asked first).
    """
    if hasattr(node, "add_post_set_parameters_callback"):
        node.add_post_set_parameters_callback(callback)
        return
    from rcl_interfaces.msg import SetParametersResult

    def accept(parameters) -> SetParametersResult:
        callback(parameters)
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(accept)


def answer_impossible_transitions(node) -> None:
    """Have a lifecycle node say no to a transition that its state does not have.

    Up to Jazzy the request raises in the executor instead, which ends the node.
    """
    from humans4d_core.shown_text import (
        shown,
    )  # launch files import this module without the core

    service = node._service_change_state
    change_state = service.callback

    def answer(request, response):
        # rcl writes a label that it does not know into the log as it is.
        request.transition.label = shown(request.transition.label)
        try:
            return change_state(request, response)
        except RuntimeError as error:  # RCLError
            node.get_logger().error(f"transition {request.transition.id} is refused: {error}")
            response.success = False
            return response

    service.callback = answer


def subscription_events(message_lost: Callable | None):
    """Callbacks for rclpy's create_subscription: its own, and `message_lost(event)` or None.

    The event has `total_count_change`.
    """
    try:
        from rclpy.event_handler import SubscriptionEventCallbacks
    except ImportError:  # Humble
        from rclpy.qos_event import SubscriptionEventCallbacks
    return SubscriptionEventCallbacks(message_lost=message_lost)


def cannot_tell_of_events() -> type[Exception]:
    """What creating a subscription raises where the middleware does not know an event."""
    try:
        from rclpy.event_handler import UnsupportedEventTypeError
    except ImportError:  # Humble
        from rclpy.qos_event import UnsupportedEventTypeError
    return UnsupportedEventTypeError
