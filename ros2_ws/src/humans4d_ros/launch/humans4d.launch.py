"""Start the node on a robot:

ros2 launch humans4d_ros humans4d.launch.py image:=/camera/image_raw \
    camera_info:=/camera/camera_info
"""

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

#: Fast DDS's variable in this distribution: each complains of the other's name or ignores it.
PROFILE_VARIABLE = (
    f"{'FASTRTPS' if os.environ.get('ROS_DISTRO') == 'humble' else 'FASTDDS'}_DEFAULT_PROFILES_FILE"
)


def generate_launch_description():
    config = os.path.join(get_package_share_directory("humans4d_ros"), "config")
    arguments = {
        "image": ("/camera/image_raw", "Images; compressed ones are under it: IMAGE/compressed."),
        "camera_info": ("/camera/camera_info", "Calibration of that camera."),
        "namespace": ("", "Namespace of the node."),
        "params_file": (os.path.join(config, "humans4d.yaml"), "Parameters (YAML)."),
        "use_sim_time": ("false", "Take the time from /clock."),
    }
    declarations = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in arguments.items()
    ]
    # Images are too large for Fast DDS's defaults; a profile of the user's own is left alone.
    profile = os.path.join(config, "fastdds_large_messages.xml")
    if os.environ.get(PROFILE_VARIABLE):
        environment = []
    else:
        environment = [SetEnvironmentVariable(PROFILE_VARIABLE, profile)]
    node = LifecycleNode(
        package="humans4d_ros",
        executable="humans4d_node",
        name="humans4d",
        namespace=LaunchConfiguration("namespace"),
        output="screen",
        parameters=[
            LaunchConfiguration("params_file"),
            {"use_sim_time": LaunchConfiguration("use_sim_time")},
        ],
        remappings=[
            ("image", LaunchConfiguration("image")),
            ("image/compressed", [LaunchConfiguration("image"), "/compressed"]),
            ("camera_info", LaunchConfiguration("camera_info")),
        ],
    )
    return LaunchDescription([*declarations, *environment, node])
