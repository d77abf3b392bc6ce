"""Start the node of one camera:

    ros2 launch humans4d_ros humans4d.launch.py camera:=/front_camera
    ros2 launch humans4d_ros humans4d.launch.py --show-args

Several cameras: cameras.launch.py, or this once for each, with its own `namespace`.
"""

import os

from ament_index_python.packages import get_package_share_directory
from humans4d_ros import launch_checks as checks
from humans4d_ros.distributions import fast_dds_profile_variable
from humans4d_ros.names import namespace_name, topic_name
from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    IncludeLaunchDescription,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
)
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit
from launch.events import matches_action
from launch.events.process import ShutdownProcess
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode, Node
from launch_ros.parameter_descriptions import ParameterValue

SHARE = get_package_share_directory("humans4d_ros")
CAMERA = LaunchConfiguration("camera")
#: Name: default, meaning.
ARGUMENTS = {
    "camera": ("/camera", "Namespace of the camera's topics, as its driver has it."),
    "image": ([CAMERA, "/image_raw"], "Its images; compressed ones are IMAGE/compressed."),
    "camera_info": ([CAMERA, "/camera_info"], "Its calibration."),
    "depth": (
        [CAMERA, "/depth/image_rect"],
        "Its depth, aligned to the images; used with the parameter use_depth.",
    ),
    "boxes": (
        [CAMERA, "/detections"],
        "vision_msgs/Detection2DArray; used with the parameter detector: topic.",
    ),
    "namespace": (
        "",
        "Namespace of the node and of all that it publishes but /tf, /diagnostics; it also keeps "
        "apart the ids of several cameras (body_left_1 in the namespace left).",
    ),
    "params_file": (os.path.join(SHARE, "config", "humans4d.yaml"), "Parameters (YAML)."),
    "checkpoint": ("", "HMR 2.0's weights. Empty: as params_file says."),
    "image_transport": ("", "raw or compressed. Empty: as params_file says."),
    "autostart": ("", "true: configure and activate at once. Empty: as params_file says (true)."),
    "use_sim_time": ("", "true: take the time from /clock. Empty: as params_file says (false)."),
    "respawn": (
        "false",
        "true: start the node, or the adapters, again when they end. Ids then begin anew.",
    ),
    "respawn_delay": ("2.0", "Seconds before it is started again."),
    "log_level": ("info", "debug, info, warn, error or fatal; of the adapters, too."),
    "adapters": (
        "",
        "all, or some of rep155, detections, people, separated by spaces: people in the messages "
        "of other projects (docs/planners.md). Empty: none.",
    ),
    "view": ("false", "true: show people in 3D in the browser (humans4d_view says its address)."),
    "rviz": ("false", "true: start RViz as well (rviz.launch.py)."),
    "fixed_frame": ("", "RViz's fixed frame. Empty: as its configuration says."),
}


def start_nodes(context):
    """The node and the adapters; what is left empty is not a parameter of the node.

    All arguments are looked at before anything starts: who is wrong gets one sentence.
    """

    def value(name):
        return LaunchConfiguration(name).perform(context)

    if checks.truth(value("rviz"), "rviz"):
        checks.need_rviz()
    names = checks.adapter_names(value("adapters"))
    # camera:=/front/ and camera:=/front are the same camera.
    image, camera_info, depth, boxes = (
        topic_name(value(name), name) for name in ("image", "camera_info", "depth", "boxes")
    )
    texts = {
        name: ParameterValue(value(name), value_type=str)
        for name in ("checkpoint", "image_transport")
        if value(name)
    }
    switches = {
        name: checks.truth(value(name), name)
        for name in ("autostart", "use_sim_time")
        if value(name)
    }
    given = [{**texts, **switches}] if texts or switches else []
    params_file = checks.file(value("params_file"), "params_file")
    log_level = ["--ros-args", "--log-level", checks.log_level(value("log_level"))]
    respawn = checks.truth(value("respawn"), "respawn")
    of_all = {
        "package": "humans4d_ros",
        "namespace": namespace_name(value("namespace")),
        "output": "screen",
        "emulate_tty": True,
        "respawn": respawn,
        "respawn_delay": checks.number(value("respawn_delay"), "respawn_delay", 0, 3600),
    }
    node = LifecycleNode(
        executable="humans4d_node",
        name="humans4d",
        parameters=[params_file, *given],
        arguments=log_level,
        remappings=[
            ("image", image),
            ("image/compressed", f"{image}/compressed"),
            ("camera_info", camera_info),
            ("depth", depth),
            ("boxes", boxes),
        ],
        **of_all,
    )
    time = {name: value for name, value in switches.items() if name == "use_sim_time"}
    view = Node(
        executable="humans4d_view",
        name="humans4d_view",
        parameters=[params_file, *([time] if time else [])],
        arguments=log_level,
        remappings=[
            ("image", image),
            ("image/compressed", f"{image}/compressed"),
            ("camera_info", camera_info),
        ],
        **of_all,
    )
    nodes = [node, view] if checks.truth(value("view"), "view") else [node]
    if not value("adapters").strip():
        return nodes
    adapters = Node(
        executable="humans4d_adapters",  # several nodes: a name here would be all of theirs
        arguments=[*names, *log_level],
        parameters=[params_file, *([time] if time else [])],
        **of_all,
    )
    if respawn:
        return [*nodes, adapters]
    # Without the node there is nothing to adapt. Only ours ends: a robot's launch file that
    # includes this one goes on.
    end = EmitEvent(event=ShutdownProcess(process_matcher=matches_action(adapters)))
    together = RegisterEventHandler(OnProcessExit(target_action=node, on_exit=[end]))
    return [together, *nodes, adapters]


def generate_launch_description():
    declarations = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    # Images are too large for Fast DDS's defaults, which drop most of them without a word. A
    # profile of the user's own is left alone.
    variable = fast_dds_profile_variable()
    profile = os.path.join(SHARE, "config", "fastdds_large_messages.xml")
    environment = [] if os.environ.get(variable) else [SetEnvironmentVariable(variable, profile)]
    rviz = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(os.path.join(SHARE, "launch", "rviz.launch.py")),
        launch_arguments={
            "namespace": LaunchConfiguration("namespace"),
            "use_sim_time": LaunchConfiguration("use_sim_time"),
            "fixed_frame": LaunchConfiguration("fixed_frame"),
        }.items(),
        condition=IfCondition(LaunchConfiguration("rviz")),
    )
    return LaunchDescription(
        [*declarations, *environment, OpaqueFunction(function=start_nodes), rviz]
    )
