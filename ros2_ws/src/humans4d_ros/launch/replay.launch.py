"""A bag of images in, a bag of people out; ends by itself:

ros2 launch humans4d_ros replay.launch.py bag:=drive output:=drive_people

Images come at the recorded pace, as on the robot: what the node is too slow for is dropped, and
told at the end. A smaller `rate` gives it the time for every one. What fails ends all with exit
code 1.
"""

import os

from ament_index_python.packages import get_package_share_directory
from humans4d_ros import launch_checks as checks
from humans4d_ros.names import topic_name
from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
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
    "output": (None, "Folder of the bag to make; it must not exist. Times are the bag's."),
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
    "view": ("false", "true: show people in 3D in the browser (humans4d_view says its address)."),
    "rviz": ("false", "true: start RViz as well."),
    "fixed_frame": ("", "RViz's fixed frame. Empty: as its configuration says."),
}
#: Handed on to humans4d.launch.py.
OF_THE_NODE = (
    "image", "camera_info", "image_transport", "params_file", "checkpoint", "view", "rviz",
    "fixed_frame",
)  # fmt: skip


def play_and_record(context):
    """The program that plays and records, and the end of all when it ends, or another one."""

    def value(name):
        return LaunchConfiguration(name).perform(context)

    if not os.path.exists(value("bag")):
        raise checks.LaunchError(f"bag: {value('bag')!r} does not exist")
    if os.path.lexists(value("output")):
        raise checks.LaunchError(f"output: {value('output')!r} exists already: choose another name")
    rate = checks.number(value("rate"), "rate", 0.001, 1000)
    image = topic_name(value("image"), "image")
    if value("image_transport") == "compressed":
        image += "/compressed"
    topics = [topic_name(topic, "topics") for topic in value("topics").split()]
    recorded = [word for topic in topics for word in ("--topic", topic)]
    replay = Node(
        package="humans4d_ros",
        executable="humans4d_replay",
        name="humans4d_replay",
        output="screen",
        emulate_tty=True,
        arguments=[value("bag"), value("output"), "--image", image, "--rate", f"{rate}", *recorded],
    )

    def ended(event, context):
        if context.is_shutdown:
            return None
        if event.action is replay and event.returncode == 0:
            return [Shutdown(reason="the bag has ended")]
        name, code = event.process_name, event.returncode
        if name.startswith(("rviz", "humans4d_view")):
            return None  # somebody has looked enough
        # Raised in a handler, it ends all processes and ros2 launch itself with exit code 1.
        raise checks.LaunchError(f"the replay has failed: {name} ended with exit code {code}")

    return [RegisterEventHandler(OnProcessExit(on_exit=ended)), replay]


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
    # The replay comes first: it looks at its arguments before the node starts.
    return LaunchDescription([*declarations, OpaqueFunction(function=play_and_record), node])
