"""A bag of images in, a bag of people out; ends by itself:

ros2 launch humans4d_ros replay.launch.py bag:=drive output:=drive_people

Images come at the recorded pace, as on the robot: what the node is too slow for is dropped. A
smaller `rate` gives it the time for every one.
"""

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

SHARE = get_package_share_directory("humans4d_ros")
CAMERA = LaunchConfiguration("camera")
#: Name: default or None for those that must be given, meaning.
ARGUMENTS = {
    "bag": (None, "The bag to replay (sqlite3 or mcap)."),
    "output": (None, "Folder of the bag to make; it must not exist."),
    "camera": ("/camera", "Namespace of the camera's topics in the bag."),
    "image": ([CAMERA, "/image_raw"], "Its images; compressed ones are IMAGE/compressed."),
    "camera_info": ([CAMERA, "/camera_info"], "Its calibration."),
    "image_transport": ("raw", "raw or compressed: which of the images the bag has."),
    "rate": ("1.0", "Times the recorded pace."),
    "topics": (
        "/humans4d/people /humans4d/body_model /humans4d/forecasts /tf /tf_static",
        "What is recorded, separated by spaces.",
    ),
    "params_file": (os.path.join(SHARE, "config", "humans4d.yaml"), "Parameters (YAML)."),
    "checkpoint": ("", "HMR 2.0's weights. Empty: as params_file says."),
    "rviz": ("false", "true: start RViz as well."),
    "fixed_frame": ("", "RViz's fixed frame. Empty: as its configuration says."),
}
#: Handed on to humans4d.launch.py.
OF_THE_NODE = (
    "image", "camera_info", "image_transport", "params_file", "checkpoint", "rviz", "fixed_frame",
)  # fmt: skip
#: Seconds after the bag's end: for the last image.
AFTERWARDS = 3.0


def play_and_record(context):
    """The recorder, the player, and the end of all when the player ends."""

    def value(name):
        return LaunchConfiguration(name).perform(context)

    recorded = [word for topic in value("topics").split() for word in ("--topic", topic)]
    recorder = Node(
        package="humans4d_ros",
        executable="humans4d_bag_record",
        name="bag_recorder",
        output="screen",
        arguments=[value("output"), *recorded],
    )
    images = value("image") + ("/compressed" if value("image_transport") == "compressed" else "")
    player = Node(
        package="humans4d_ros",
        executable="humans4d_bag_play",
        name="bag_player",
        output="screen",
        # The node subscribes when its models are loaded, which may take a while.
        arguments=[
            value("bag"),
            "--clock",
            "--rate",
            value("rate"),
            "--wait-for",
            images,
            "--timeout",
            "300",
        ],  # fmt: skip
    )
    end = TimerAction(period=AFTERWARDS, actions=[Shutdown(reason="the bag has ended")])
    return [
        recorder,
        player,
        RegisterEventHandler(OnProcessExit(target_action=player, on_exit=[end])),
    ]


def generate_launch_description():
    declarations = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    node = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(os.path.join(SHARE, "launch", "humans4d.launch.py")),
        launch_arguments={
            **{name: LaunchConfiguration(name) for name in OF_THE_NODE},
            "autostart": "true",
            "use_sim_time": "true",
        }.items(),
    )
    return LaunchDescription([*declarations, node, OpaqueFunction(function=play_and_record)])
