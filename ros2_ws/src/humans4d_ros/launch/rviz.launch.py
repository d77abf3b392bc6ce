"""Start RViz with the people, their meshes and what the camera sees:

ros2 launch humans4d_ros rviz.launch.py fixed_frame:=odom
"""

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

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

    arguments = ["-d", LaunchConfiguration("rviz_config")]
    if value("fixed_frame"):
        arguments += ["-f", LaunchConfiguration("fixed_frame")]
    parameters = []
    if value("use_sim_time"):
        switch = ParameterValue(LaunchConfiguration("use_sim_time"), value_type=bool)
        parameters = [{"use_sim_time": switch}]
    namespace = value("namespace").strip("/")
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
