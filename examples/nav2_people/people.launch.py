"""People for Nav2: the node in odom, and the grid of where they are and will be.

ros2 launch examples/nav2_people/people.launch.py camera:=/front_camera
"""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

HERE = Path(__file__).resolve().parent
LAUNCH = Path(get_package_share_directory("humans4d_ros"), "launch", "humans4d.launch.py")


def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument("camera", default_value="/camera"),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(LAUNCH)),
            launch_arguments={
                "camera": LaunchConfiguration("camera"),
                "params_file": str(HERE / "humans4d.yaml"),
            }.items(),
        ),
        ExecuteProcess(cmd=["python3", str(HERE / "people_grid.py")], output="screen"),
    ])  # fmt: skip
