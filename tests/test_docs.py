"""What README and docs tell people to type can be typed."""

import os
import re
import shlex
import subprocess
import sys

import pytest
from places import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LAUNCH = ROOT / "ros2_ws/src/humans4d_ros/launch"


def blocks(language: str) -> list:
    """Code blocks as parameters, named after their page and line."""
    found = []
    for path in PAGES:
        text = path.read_text()
        for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.M | re.S):
            line = text[: match.start()].count("\n") + 2
            is_run = not text[: match.start()].rstrip().endswith("-->")
            found.append(pytest.param(match[1], is_run, id=f"{path.name}:{line}"))
    return found


def commands(*first: str) -> list:
    """Lines of code, in blocks and in sentences, that begin with these words."""
    begin = " ".join(first)
    found = []
    for path in PAGES:
        text = path.read_text()
        lines = re.findall(rf"(?:^\s*|&& |`)({re.escape(begin)} [^`\n]*)", text, re.M)
        lines = [line for line in lines if not line.endswith(".")]  # a sentence
        found += [pytest.param(line, id=f"{path.name}: {line[:60]}") for line in lines]
    return found


@pytest.mark.parametrize(("code", "is_run"), blocks("python"))
def test_python_runs(code, is_run, tmp_path):
    """A comment before the block says what it would need where it is compiled only."""
    compile(code, "<docs>", "exec")
    if not is_run:
        return
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", commands("./run humans4d") + commands("humans4d"))
def test_the_command_line_has_what_is_typed(line):
    from typer.main import get_command

    from humans4d_core.cli.main import app

    words = shlex.split(line.split("#")[0].replace("...", ""))
    words = words[words.index("humans4d") + 1 :]
    command = get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        name = words.pop(0)
        assert name in command.commands, f"{line}: there is no command {name}"
        command = command.commands[name]
    known = {option for p in command.params for option in (*p.opts, *p.secondary_opts)} | {"--help"}
    used = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known, line


@pytest.mark.parametrize("line", commands("./run"))
def test_run_has_what_is_typed(line):
    words = shlex.split(line.split("#")[0])
    usage = (ROOT / "run").read_text()
    names = re.findall(r"^  ((?:[a-z0-9]+, )*[a-z0-9]+)  ?", usage.split("usage() {")[1], re.M)
    names = {name for group in names for name in group.split(", ")}
    assert words[1] in names | {"--help"}, line
    if words[1:4] == ["exec", "python", "-m"]:
        module = ROOT.joinpath(*words[4].split("."))
        ros = ROOT.joinpath("ros2_ws/src/humans4d_ros", *words[4].split("."))
        found = [p for p in (module, ros) if p.with_suffix(".py").exists() or p.is_dir()]
        assert found or words[4].split(".")[0] not in ("humans4d_core", "humans4d_ros"), line
    elif words[1:3] == ["exec", "python"]:
        assert (ROOT / words[3]).is_file(), line


@pytest.mark.parametrize("line", commands("ros2 launch humans4d_ros"))
def test_launch_files_have_the_arguments_that_are_typed(line):
    name, *arguments = shlex.split(line.split("#")[0])[3:]
    text = (LAUNCH / name).read_text() + (ROOT / "docs/ros.md").read_text()
    for argument in arguments:
        if ":=" in argument:
            assert re.search(rf"[\"'`]{argument.split(':=')[0]}[\"'`]", text), argument


@pytest.mark.parametrize("line", commands("python"))
def test_scripts_that_are_named_exist(line):
    words = shlex.split(line.split("#")[0].split("|")[0])
    if words[1].endswith(".py"):
        assert (ROOT / words[1]).is_file(), line


def test_settings_that_are_named_exist():
    from humans4d_core.config import SETTINGS

    for path in PAGES:
        for name in re.findall(r"\btracker\.([a-z_]+)\b", path.read_text()):
            assert f"tracker.{name}" in SETTINGS or name in ("py", "md"), f"{path.name}: {name}"
        for name in re.findall(r"--set ([\w.]+)=", path.read_text()):
            assert name in SETTINGS or name == "NAME", f"{path.name}: {name}"
