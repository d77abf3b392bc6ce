"""requirements/locked: what the container installs, by hashes (tools/lock_requirements.py)."""

import os
import re
import shutil
import subprocess

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from places import ROOT

REQUIREMENTS = ROOT / "requirements"
FILES = sorted(path.name for path in (REQUIREMENTS / "locked").glob("*.txt"))
#: Of the ROS 2 distributions: Humble, wheels, Jazzy and Kilted, Lyrical.
PYTHONS = ("3.10", "3.11", "3.12", "3.14")


def locked(file: str) -> list[tuple[Requirement, list[str]]]:
    """Requirements of a file, and the hashes of each."""
    text = (REQUIREMENTS / "locked" / file).read_text().replace("\\\n", " ")
    rows = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [
        (Requirement(row.split("--hash")[0].strip()), re.findall(r"sha256:([0-9a-f]{64})\b", row))
        for row in rows
    ]


def versions(*files: str, python: str) -> dict[str, str]:
    """Name -> version of what a Linux machine with that Python installs."""
    environment = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.5",
        "sys_platform": "linux",
        "platform_machine": "x86_64",
    }
    found: dict[str, str] = {}
    for file in files:
        for requirement, _ in locked(file):
            if requirement.marker is None or requirement.marker.evaluate(environment):
                (specifier,) = requirement.specifier
                name = normal(requirement.name)
                assert found.get(name, specifier.version) == specifier.version, requirement
                found[name] = specifier.version
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for, tests, the view and the report included."""
    text = (ROOT / "pyproject.toml").read_text()
    dependencies = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.M | re.S)[1]
    extras = "".join(
        re.search(rf"^{name} = \[(.*?)\]", text, re.M)[1] for name in ("test", "view", "report")
    )
    return [Requirement(item) for item in re.findall(r'"([^"]+)"', dependencies + extras)]


@pytest.mark.parametrize("file", FILES)
def test_every_requirement_is_one_version_with_hashes(file):
    rows = locked(file)
    assert len(rows) > (0 if file == "trackeval.txt" else 10)
    for requirement, hashes in rows:
        assert [specifier.operator for specifier in requirement.specifier] == ["=="], requirement
        assert hashes, requirement


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("numpy", ["numpy1.txt", "numpy2.txt"])
def test_what_the_project_needs_is_locked(numpy, python):
    have = versions(numpy, "torch.txt", python=python)
    for requirement in wanted():
        version = have[normal(requirement.name)]
        assert requirement.specifier.contains(version), f"{requirement}: {version}"
    if numpy == "numpy1.txt" and python in ("3.10", "3.12"):
        assert have["numpy"].startswith("1.")


def test_what_was_tested_together_is_locked():
    have = versions("numpy2.txt", "ros-wheels.txt", python="3.11")
    constraints = (REQUIREMENTS / "constraints.txt").read_text().splitlines()
    wheels = (REQUIREMENTS / "ros-wheels.txt").read_text().splitlines()
    lines = [line.split(";")[0] for line in constraints + wheels if "==" in line]
    tested = {
        normal(name): version for name, version in (line.strip().split("==") for line in lines)
    }
    assert {n: have[n] for n in tested if n in have} == {n: tested[n] for n in tested if n in have}
    assert {normal(line.split("==")[0]) for line in wheels if "==" in line} <= set(have)


def test_the_default_torch_is_locked():
    default = re.search(r"^default_torch=torch==(\S+)$", (ROOT / "run").read_text(), re.M)[1]
    assert versions("torch.txt", python="3.12")["torch"] == default
    assert f"torch=={default}" in (ROOT / "Dockerfile").read_text()


@pytest.mark.skipif(not os.environ.get("HUMANS4D_TEST_LOCK"), reason="downloads: 200 MB")
def test_run_installs_by_hashes_only(tmp_path):
    """HUMANS4D_TEST_LOCK=1 switches it on; HUMANS4D_TORCH may name a smaller PyTorch."""
    checkout = tmp_path / "checkout"
    skipped = shutil.ignore_patterns(".*", "build", "install", "log", "out", "weights")
    shutil.copytree(ROOT, checkout, ignore=skipped, symlinks=True)
    environment = {**os.environ, "HUMANS4D_LOCKED": "1"}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "AMENT_PREFIX_PATH", "CMAKE_PREFIX_PATH"):
        environment.pop(name, None)
    done = subprocess.run(
        [checkout / "run", "setup"], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pip = subprocess.run(
        [checkout / ".venv/bin/python", "-m", "pip", "check"], capture_output=True, text=True
    )
    print(pip.stdout)
    assert "No broken requirements" in pip.stdout
