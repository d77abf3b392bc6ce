"""What reads the source alone, where its tools are installed (`./run check` installs them)."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest
from places import ROOT

from humans4d_core.untrusted_files.yaml_text import parse_yaml

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PACKAGES = sorted((ROOT / "ros2_ws/src").glob("*/package.xml"))


def run_module(*arguments):
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_types_fit():
    pytest.importorskip("mypy", reason="./run check installs it")
    done = run_module("mypy")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_documentation_makes_a_site_without_a_broken_link(tmp_path):
    pytest.importorskip("material", reason="./run check installs it")
    site = tmp_path / "site"
    done = run_module("mkdocs", "build", "--strict", "--quiet", "--site-dir", str(site))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "humans4d" in (site / "index.html").read_text()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_calls_only_commands_that_there_are(path):
    workflow = parse_yaml(path.read_text(), path.name)
    usage = subprocess.run([ROOT / "run"], capture_output=True, text=True, check=False).stdout
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    commands = [
        line.split()
        for step in steps
        for line in step.get("run", "").splitlines()
        if line.strip().startswith("./run ")
    ]
    assert commands
    for _, command, *_ in commands:
        assert f"\n  {command}" in usage or f", {command} " in usage, command
    for job in workflow["jobs"].values():
        assert {"runs-on", "steps"} <= set(job)
        for step in job["steps"]:
            assert ("run" in step) != ("uses" in step), json.dumps(step)


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_a_package_has_a_changelog_and_says_where_it_lives(path):
    package = ElementTree.parse(path).getroot()
    name, version = package.findtext("name"), package.findtext("version")
    lines = (path.parent / "CHANGELOG.rst").read_text().splitlines()
    assert lines[1] == f"Changelog for package {name}"
    assert lines[0] == lines[2] == "^" * len(lines[1])
    headings = [a for a, b in pairwise(lines) if b and set(b) == {"-"}]
    assert headings[0] == "Forthcoming" or headings[0].startswith(version)
    assert {url.get("type") for url in package.findall("url")} == {
        "website", "repository", "bugtracker",
    }  # fmt: skip
