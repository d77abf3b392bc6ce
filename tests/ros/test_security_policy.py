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


def test_the_policy_allows_what_the_node_does_and_no_more(node, station, config_folder):
    policy = allowed(config_folder)
    questions = {
        "subscribe": station.node.get_subscriber_names_and_types_by_node,
        "publish": station.node.get_publisher_names_and_types_by_node,
        "reply": station.node.get_service_names_and_types_by_node,
    }
    for what, ask in questions.items():
        required = policy[what] - OPTIONAL[what]

        def is_complete(ask=ask, required=required):
            try:
                return required <= {name for name, _ in ask(NODE, NAMESPACE)}
            except NodeNameNonExistentError:  # not discovered yet
                return False

        station.wait_for(is_complete, f"the node is found to {what} {sorted(required)}")
        used = {name for name, _ in ask(NODE, NAMESPACE)}
        assert used - policy[what] == set(), what
