"""The layouts of RViz and Foxglove against the topics that the node has."""

import json
import os

import pytest
import yaml

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from launched import node_of, remappings


def displayed_topics(config_folder) -> dict[str, set[str]]:
    package = config_folder.parent
    rviz = yaml.safe_load((package / "rviz/humans4d.rviz").read_text())
    displays = rviz["Visualization Manager"]["Displays"]
    layout = json.loads((package / "foxglove/humans4d.json").read_text())
    panels = layout["configById"]
    named = set(panels["3D!people"]["topics"])
    named.add(panels["Image!overlay"]["imageMode"]["imageTopic"])
    named.add(panels["DiagnosticSummary!health"]["topicToRender"])
    named |= {path["value"].split(".")[0] for path in panels["Plot!latency"]["paths"]}
    return {"rviz": {d["Topic"]["Value"] for d in displays if "Topic" in d}, "foxglove": named}


def test_rviz_and_foxglove_show_topics_that_the_node_has(start_node, graph, config_folder):
    node = start_node()
    node.wait_until_it_says("active: listening")
    displayed = set().union(*displayed_topics(config_folder).values())

    def are_published(asking):
        if ("humans4d", "/") not in asking.get_node_names_and_namespaces():
            return False
        published = asking.get_publisher_names_and_types_by_node("humans4d", "/")
        return displayed <= {name for name, _ in published}

    graph(are_published, f"the node is found to publish {sorted(displayed)}")


def test_the_layouts_panels_are_all_shown_and_configured(config_folder):
    layout = json.loads((config_folder.parent / "foxglove/humans4d.json").read_text())

    def panels(part):
        if isinstance(part, str):
            return [part]
        return [name for side in ("first", "second") for name in panels(part[side])]

    assert sorted(panels(layout["layout"])) == sorted(layout["configById"])


@pytest.mark.usefixtures("rviz_installed")
def test_rviz_has_what_the_launch_file_moves_to_the_namespace(launch, config_folder):
    launched = launch("rviz.launch.py", namespace="front")
    moved = {source for source in remappings(node_of(launched, "rviz2"))}
    assert displayed_topics(config_folder)["rviz"] == moved
