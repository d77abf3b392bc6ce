"""Why no image comes: what the ROS graph tells about a topic that stays silent."""

from __future__ import annotations

from rclpy.qos import QoSCompatibility, qos_check_compatible

from ..inputs.input_topics import COMPRESSED

#: What ROS says of a node whose topics were discovered before itself.
NOT_YET_KNOWN = "_NODE_NAME_UNKNOWN_"
#: Who publishes this is one of us: what it draws is no camera's.
OWN_TYPE = "humans4d_msgs/msg/TrackedPeople"
TYPES = {"raw": "sensor_msgs/msg/Image", "compressed": "sensor_msgs/msg/CompressedImage"}
#: Topics that are named at most.
MOST_NAMES = 5


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


def _elsewhere(node, topic: str, wanted: str) -> str:
    """Where there are images, and what to set to get them."""
    transport = next((word for word, kind in TYPES.items() if kind == wanted), "raw")
    other = "raw" if transport == "compressed" else "compressed"
    cameras = {word: _cameras(node, word) for word in TYPES}
    here = topic.removesuffix(COMPRESSED) if transport == "compressed" else topic
    if here in cameras[other]:
        name = here + COMPRESSED if other == "compressed" else here
        return f" (images are on {name}: set image_transport:={other})"
    for word, advice in ((transport, ""), (other, f" and set image_transport:={other}")):
        names = sorted(cameras[word] - {here})[:MOST_NAMES]
        if names:
            suffix = COMPRESSED if word == "compressed" else ""
            found = ", ".join(name + suffix for name in names)
            return f" (images are on {found}: remap image:={names[0]}{advice})"
    return ": is the camera's driver running?"


def _cameras(node, transport: str) -> set[str]:
    """Topics that somebody publishes images on, none of our own; as `image` is to be remapped."""
    names = set()
    for name, types in node.get_topic_names_and_types():
        if TYPES[transport] not in types:
            continue
        if transport == "compressed":
            if not name.endswith(COMPRESSED):
                continue
            names.add((name, name.removesuffix(COMPRESSED)))
        else:
            names.add((name, name))
    return {
        image
        for name, image in names
        if any(
            not _is_ours(node, publisher) for publisher in node.get_publishers_info_by_topic(name)
        )
    }


def _is_ours(node, publisher) -> bool:
    """Whether it is this node's or another humans4d node's."""
    who = publisher.node_name, publisher.node_namespace
    if who == (node.get_name(), node.get_namespace()):
        return True
    try:
        published = node.get_publisher_names_and_types_by_node(*who)
    except (RuntimeError, ValueError):  # its name is not known yet, or it has just left
        return False
    return any(OWN_TYPE in types for _, types in published)


def _type_name(message_type: type) -> str:
    """As ROS writes it: sensor_msgs/msg/Image."""
    return f"{message_type.__module__.split('.')[0]}/msg/{message_type.__name__}"
