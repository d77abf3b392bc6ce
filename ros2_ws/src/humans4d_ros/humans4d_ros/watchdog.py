"""Why no image comes: what the ROS graph tells about a topic that stays silent."""

from __future__ import annotations

from rclpy.qos import QoSCompatibility, qos_check_compatible

#: What ROS says of a node whose topics were discovered before itself.
NOT_YET_KNOWN = "_NODE_NAME_UNKNOWN_"


def why_silent(node, subscription) -> str:
    """One sentence about the publishers of a subscription's topic, and what to do."""
    topic = subscription.topic_name
    wanted = _type_name(subscription.msg_type)
    publishers = node.get_publishers_info_by_topic(topic)
    if not publishers:
        return f"nobody publishes on {topic}{_elsewhere(node, topic, wanted)}"
    reasons = []
    for publisher in publishers:
        who = f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"
        if publisher.node_name == NOT_YET_KNOWN:
            who = "a node"
        if publisher.topic_type != wanted:
            reasons.append(f"{who} publishes {publisher.topic_type} there, not {wanted}")
            continue
        compatibility, reason = qos_check_compatible(
            publisher.qos_profile, subscription.qos_profile
        )
        if compatibility == QoSCompatibility.ERROR:
            reason = reason.replace("ERROR: ", "").strip().rstrip(";").lower()
            reasons.append(f"QoS of {who} does not fit: {reason}")
    if len(reasons) == len(publishers):
        return f"{topic}: {'; '.join(reasons)}"
    return (
        f"{topic} has {len(publishers) - len(reasons)} fitting publisher(s), but nothing arrives: "
        "is the camera running? Large images need a Fast DDS profile on both sides (docs/ros.md)"
    )


def _elsewhere(node, topic: str, type_name: str) -> str:
    """Which topics do have images."""
    topics = [
        name
        for name, types in node.get_topic_names_and_types()
        if type_name in types and name != topic and node.get_publishers_info_by_topic(name)
    ]
    if not topics:
        return ": is the camera's driver running?"
    return f" (images are on {', '.join(sorted(topics)[:5])}: remap 'image')"


def _type_name(message_type: type) -> str:
    """As ROS writes it: sensor_msgs/msg/Image."""
    return f"{message_type.__module__.split('.')[0]}/msg/{message_type.__name__}"
