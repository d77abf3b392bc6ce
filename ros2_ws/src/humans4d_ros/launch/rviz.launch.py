"""Start RViz with the people, their meshes and what the camera sees:

ros2 launch humans4d_ros rviz.launch.py fixed_frame:=odom
"""

import os

from ament_index_python.packages import get_package_share_directory
from humans4d_ros import launch_checks as checks
from humans4d_ros.names import namespace_name
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

SHARE = get_package_share_directory("humans4d_ros")
#: Name: default, meaning.
ARGUMENTS = {
    "rviz_config": (os.path.join(SHARE, "rviz", "humans4d.rviz"), "RViz's configuration."),
    "namespace": ("", "Namespace of the node whose people are shown."),
    "fixed_frame": ("", "RViz's fixed frame: target_frame, or the camera's. Empty: as configured."),
    "use_sim_time": ("", "true: take the time from /clock. Empty: false."),
}
#: What the configuration shows, under the node's name.
TOPICS = ("markers", "mesh_markers", "surface", "overlay")


def start_rviz(context):
    """RViz's action."""

    def value(name):
        return LaunchConfiguration(name).perform(context)

    checks.need_rviz()
    arguments = ["-d", checks.file(value("rviz_config"), "rviz_config")]
    if value("fixed_frame"):
        arguments += ["-f", LaunchConfiguration("fixed_frame")]
    parameters = []
    if value("use_sim_time"):
        parameters = [{"use_sim_time": checks.truth(value("use_sim_time"), "use_sim_time")}]
    namespace = namespace_name(value("namespace"))
    remappings = []
    if namespace:
        remappings = [(f"/humans4d/{topic}", f"/{namespace}/humans4d/{topic}") for topic in TOPICS]
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            name="rviz_humans4d",
            output="screen",
            arguments=arguments,
            parameters=parameters,
            remappings=remappings,
        )
    ]


def generate_launch_description():
    declarations = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription([*declarations, OpaqueFunction(function=start_rviz)])
