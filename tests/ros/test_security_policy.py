"""The policy for SROS 2 that is shipped, beside what the node does."""

import os
import xml.etree.ElementTree as ElementTree

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")
    pytest.importorskip("humans4d_msgs", reason="needs the built workspace: ./run test")

from rclpy.node import NodeNameNonExistentError

NODE, NAMESPACE = "humans4d", "/"
#: What only some parameters and distributions make the node use.
OPTIONAL = {
    "subscribe": {"/image/compressed", "/depth", "/boxes", "/clock"},
    "publish": set(),
    "reply": {f"/{NODE}/get_type_description"},
}


def allowed(config_folder) -> dict[str, set[str]]:
    """Full names of what may be subscribed to, published and answered."""
    root = ElementTree.parse(config_folder / "humans4d.policy.xml").getroot()
    (profile,) = root.findall("enclaves/enclave[@path='/humans4d']/profiles/profile")
    found: dict[str, set[str]] = {"subscribe": set(), "publish": set(), "reply": set()}
    for group in profile:
        ((what, rule),) = group.attrib.items()
        assert rule == "ALLOW"
        found[what] |= {full_name(item.text) for item in group}
    return found


def full_name(name: str) -> str:
    if name.startswith("~/"):
        return f"/{NODE}/{name[2:]}"
    return name if name.startswith("/") else f"/{name}"


@pytest.fixture(scope="module")
def node(start_node):
    node = start_node(target_frame="odom")
    node.wait_until_it_says("active: listening")
    return node


@pytest.mark.usefixtures("node")
@pytest.mark.parametrize(
    ("what", "question"),
    [
        ("subscribe", "get_subscriber_names_and_types_by_node"),
        ("publish", "get_publisher_names_and_types_by_node"),
        ("reply", "get_service_names_and_types_by_node"),
    ],
)
def test_the_policy_allows_what_the_node_does_and_no_more(graph, config_folder, what, question):
    policy = allowed(config_folder)
    required = policy[what] - OPTIONAL[what]

    def used_when_complete(asking):
        try:
            used = {name for name, _ in getattr(asking, question)(NODE, NAMESPACE)}
        except NodeNameNonExistentError:  # not discovered yet
            return None
        return used if required <= used else None

    used = graph(used_when_complete, f"the node is found to {what} {sorted(required)}")
    assert used - policy[what] == set()
