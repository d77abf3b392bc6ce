"""How colcon builds the package."""

from glob import glob

from setuptools import find_packages, setup

PACKAGE = "humans4d_ros"

setup(
    name=PACKAGE,
    version="0.1.0",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml", "LICENSE"]),
        (f"share/{PACKAGE}/launch", glob("launch/*.launch.py")),
        (f"share/{PACKAGE}/config", glob("config/*")),
        (f"share/{PACKAGE}/rviz", glob("rviz/*.rviz")),
        (f"share/{PACKAGE}/foxglove", glob("foxglove/*.json")),
    ],
    install_requires=["setuptools"],
    extras_require={"test": ["pytest"]},
    zip_safe=True,
    maintainer="humans4d maintainers",
    maintainer_email="humans4d@users.noreply.github.com",
    description="Tracked people with 3D body meshes from camera images: the ROS 2 node.",
    license="Apache-2.0",
    entry_points={
        "console_scripts": [
            "humans4d_node = humans4d_ros.programs:node",
            "humans4d_adapters = humans4d_ros.programs:adapters",
            "humans4d_fusion = humans4d_ros.programs:fusion",
            "humans4d_view = humans4d_ros.programs:view",
            "humans4d_bag_play = humans4d_ros.programs:bag_player",
            "humans4d_bag_record = humans4d_ros.programs:bag_recorder",
            "humans4d_replay = humans4d_ros.programs:replay",
            "humans4d_demo = humans4d_ros.programs:demo",
        ],
    },
)
