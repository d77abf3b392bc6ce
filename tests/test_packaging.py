"""What is handed on: source distribution and wheel, licences and notices."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest
from places import ROOT

ASSETS = ROOT / "humans4d_core/assets"
#: setuptools' own hook, as pip calls it, without pip's network.
BUILD = "import sys; from setuptools import build_meta; print(build_meta.{}(sys.argv[1]))"


def build(kind: str, source: Path, target: Path) -> Path:
    target.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BUILD.format(kind), target],
        cwd=source,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (made,) = target.iterdir()
    return made


@pytest.fixture(scope="module")
def source_distribution(tmp_path_factory) -> Path:
    """Built in a copy: a build leaves its notes in the folder."""
    checkout = tmp_path_factory.mktemp("sdist") / "checkout"
    skipped = shutil.ignore_patterns(
        ".*", "build", "install", "log", "out", "weights", "__pycache__", "*.egg-info"
    )
    shutil.copytree(ROOT, checkout, ignore=skipped, symlinks=True)
    return build("build_sdist", checkout, checkout.parent / "made")


@pytest.fixture(scope="module")
def unpacked(source_distribution) -> Path:
    folder = source_distribution.parent / "unpacked"
    with tarfile.open(source_distribution) as archive:
        archive.extractall(folder)  # our own
    (top,) = folder.iterdir()
    return top


def test_the_source_distribution_is_the_package_and_nothing_by_half(unpacked):
    tops = {path.name for path in unpacked.iterdir()} - {"humans4d.egg-info"}
    assert tops == {
        "humans4d_core", "LICENSE", "MANIFEST.in", "NOTICE", "PKG-INFO", "README.md",
        "pyproject.toml", "setup.cfg",
    }  # fmt: skip
    ours = {str(p.relative_to(ROOT)) for p in (ROOT / "humans4d_core").rglob("*.py")}
    theirs = {str(p.relative_to(unpacked)) for p in unpacked.rglob("*.py")}
    assert theirs == ours


def test_a_wheel_made_from_the_source_distribution_works(unpacked, tmp_path):
    wheel = build("build_wheel", unpacked, tmp_path / "made")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    for name in ("LICENSE", "NOTICE"):
        assert any(re.search(rf"\.dist-info/(licenses/)?{name}$", n) for n in names), name
    assert not [n for n in names if not n.startswith(("humans4d_core/", "humans4d-"))]
    code = (
        "import numpy as np, humans4d_core\n"
        "from humans4d_core.body import EMBEDDED_BODY, read_body_file\n"
        "from humans4d_core.detection import create_detector\n"
        "image = np.zeros((96, 128, 3), np.uint8)\n"
        "assert read_body_file(EMBEDDED_BODY)\n"
        "print(humans4d_core.__file__, len(create_detector('nanodet').detect(image)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(tmp_path / "site")), done.stdout


def test_every_embedded_model_has_its_notice():
    notice, readme = (ROOT / "NOTICE").read_text(), (ASSETS / "README.md").read_text()
    for path in ASSETS.iterdir():
        if path.suffix in (".onnx", ".npz"):
            assert path.name in notice and path.name in readme, path.name


@pytest.mark.parametrize("package", ["humans4d_msgs", "humans4d_ros"])
def test_each_ROS_package_carries_its_licence(package):
    folder = ROOT / "ros2_ws/src" / package
    (tag,) = ElementTree.parse(folder / "package.xml").getroot().findall("license")
    assert tag.text == "Apache-2.0"
    assert (folder / tag.get("file")).read_bytes() == (ROOT / "LICENSE").read_bytes()
