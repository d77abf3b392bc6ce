"""The package as others see it: what package.xml says is so, and what setup.py installs is there.

The node's behaviour is tested at the repository's root, by ./run test.
"""

import ast
import os
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1]
#: Python's name: rosdep's.
SYSTEM = {
    "cv2": "python3-opencv",
    "numpy": "python3-numpy",
    "rich": "python3-rich",
    "scipy": "python3-scipy",
    "tf2_ros": "tf2_ros_py",
    "yaml": "python3-yaml",
}
#: The core, which pip installs, with what it brings; and what is used only where it is installed.
OF_PIP = {"humans4d_core", "rosbags", "torch"}
OPTIONAL = {"cv_bridge", "hri_msgs", "people_msgs", "vision_msgs"}


@pytest.fixture(scope="module")
def manifest():
    catkin_pkg = pytest.importorskip("catkin_pkg.package")
    return catkin_pkg.parse_package(str(PACKAGE / "package.xml"))


def imported() -> set[str]:
    """Packages that the node and the launch files import, but Python's own and this one."""
    names = set()
    for folder in ("humans4d_ros", "launch"):
        for path in (PACKAGE / folder).rglob("*.py"):
            for statement in ast.walk(ast.parse(path.read_text())):
                if isinstance(statement, ast.Import):
                    names |= {alias.name.split(".")[0] for alias in statement.names}
                elif isinstance(statement, ast.ImportFrom) and not statement.level:
                    names.add(statement.module.split(".")[0])
    return names - set(sys.stdlib_module_names) - {"humans4d_ros"}


def test_every_import_is_a_declared_dependency(manifest):
    declared = {dependency.name for dependency in manifest.exec_depends}
    needed = {SYSTEM.get(name, name) for name in imported() - OF_PIP - OPTIONAL}
    assert needed <= declared, f"not in package.xml: {needed - declared}"


def test_the_manifest_names_licence_and_maintainer(manifest):
    assert manifest.licenses == ["Apache-2.0"]
    assert manifest.maintainers
    assert manifest.package_format == 3
    manifest.validate()


def test_setup_and_manifest_tell_the_same(manifest):
    text = (PACKAGE / "setup.py").read_text()
    for value in (manifest.name, manifest.version, manifest.description, manifest.licenses[0]):
        assert f'"{value}"' in text


@pytest.mark.parametrize("folder", ["launch", "config", "rviz", "foxglove"])
def test_files_are_installed(folder):
    index = pytest.importorskip("ament_index_python.packages")
    try:
        share = index.get_package_share_directory("humans4d_ros")
    except LookupError:
        pytest.skip("the package is not installed: source the workspace")
    files = {path.name for path in (PACKAGE / folder).iterdir() if path.is_file()}
    assert files
    assert files <= set(os.listdir(os.path.join(share, folder)))


def test_differences_between_distributions_are_in_one_module():
    for path in (PACKAGE / "humans4d_ros").rglob("*.py"):
        if path.name == "distributions.py":
            continue
        text = path.read_text()
        assert 'environ.get("ROS_DISTRO")' not in text, path.name
        assert "except ImportError:  # Humble" not in text, path.name
