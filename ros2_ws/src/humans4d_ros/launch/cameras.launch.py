"""Start a node for each of several cameras, and the one that makes one list of their people:

ros2 launch humans4d_ros cameras.launch.py cameras:=front,left,rear target_frame:=odom
"""

import os

from ament_index_python.packages import get_package_share_directory
from humans4d_ros import launch_checks as checks
from humans4d_ros.distributions import fast_dds_profile_variable
from humans4d_ros.names import namespace_name
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node

SHARE = get_package_share_directory("humans4d_ros")
#: Name: default, meaning.
ARGUMENTS = {
    "cameras": (
        "",
        "Namespaces of the cameras, separated by commas: images are /NAME/image_raw, people "
        "/NAME/humans4d/people.",
    ),
    "target_frame": ("odom", "TF frame that does not move, in which the one list is."),
    "nodes": ("true", "false: the cameras' nodes run already, here or on other machines."),
    "params_file": (
        os.path.join(SHARE, "config", "humans4d.yaml"),
        "Parameters (YAML) of all the nodes.",
    ),
    "use_sim_time": ("", "true: take the time from /clock. Empty: as params_file says (false)."),
    "log_level": ("info", "debug, info, warn, error or fatal."),
}


def start_nodes(context):
    """One node a camera and the fusion; all arguments are looked at before anything starts."""

    def value(name):
        return LaunchConfiguration(name).perform(context)

    given = [name for name in value("cameras").split(",") if name.strip()]
    cameras = [namespace_name(name, "cameras") for name in given]
    if not cameras:
        raise checks.LaunchError("cameras is empty: name their namespaces, as in front,left")
    params_file = checks.file(value("params_file"), "params_file")
    log_level = ["--ros-args", "--log-level", checks.log_level(value("log_level"))]
    time = []
    if value("use_sim_time"):
        time = [{"use_sim_time": checks.truth(value("use_sim_time"), "use_sim_time")}]
    of_all = {"package": "humans4d_ros", "output": "screen", "emulate_tty": True}
    fusion = Node(
        executable="humans4d_fusion",
        name="humans4d_fusion",
        parameters=[params_file, {"target_frame": value("target_frame")}, *time],
        # Not a parameter above: launch takes a list of texts for parts of one.
        arguments=[*log_level, "-p", f"cameras:=[{', '.join(cameras)}]"],
        **of_all,
    )
    if not checks.truth(value("nodes"), "nodes"):
        return [fusion]
    return [*(_node(name, [params_file, *time], log_level, of_all) for name in cameras), fusion]


def _node(camera, parameters, log_level, of_all):
    image = f"/{camera}/image_raw"
    return LifecycleNode(
        executable="humans4d_node",
        name="humans4d",
        namespace=camera,
        parameters=parameters,
        arguments=log_level,
        remappings=[
            ("image", image),
            ("image/compressed", f"{image}/compressed"),
            ("camera_info", f"/{camera}/camera_info"),
            ("depth", f"/{camera}/depth/image_rect"),
            ("boxes", f"/{camera}/detections"),
        ],
        **of_all,
    )


def generate_launch_description():
    declarations = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    # As in humans4d.launch.py: Fast DDS's defaults drop most images.
    variable = fast_dds_profile_variable()
    profile = os.path.join(SHARE, "config", "fastdds_large_messages.xml")
    environment = [] if os.environ.get(variable) else [SetEnvironmentVariable(variable, profile)]
    return LaunchDescription([*declarations, *environment, OpaqueFunction(function=start_nodes)])
