"""Writes requirements/locked/: every package that ./run installs, with its version and hashes.

    pip install uv
    python tools/lock_requirements.py

The container installs them with `pip --require-hashes` (HUMANS4D_LOCKED=1, see ./run). Versions are
those of requirements/constraints.txt where that names one. Five files, because a machine takes
some of them:

trackeval.txt    TrackEval alone, for all
torch.txt        the default of HUMANS4D_TORCH and CUDA
numpy1.txt       the rest, for a sourced ROS 2 whose modules are bound to numpy 1 (Humble, Jazzy)
numpy2.txt       the rest, for the others
ros-wheels.txt   ROS 2, where none is sourced; beside numpy2.txt
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements"
TARGET = REQUIREMENTS / "locked"
PROJECT = ROOT / "pyproject.toml"
OLDEST_PYTHON = "3.10"
#: ROS 2 distributions with numpy 1 have these Pythons.
NUMPY_1 = 'numpy<2; python_version < "3.13"'
HEAD = "# Written by tools/lock_requirements.py; do not edit.\n"

#: name -> the lines of its requirement in each of its versions, with hashes
Locked = dict[str, str]


def resolve(
    *sources: Path, extra_lines: tuple[str, ...] = (), constrained=True, options=()
) -> Locked:
    """One resolution for every Python and processor; options: of uv."""
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder, "lines.txt")
        lines.write_text("\n".join(extra_lines) + "\n")
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
        command += ["--python-version", OLDEST_PYTHON, "--no-header", "--no-annotate"]
        if constrained:
            command += ["--constraints", str(REQUIREMENTS / "constraints.txt")]
        command += [*options, *map(str, sources), str(lines)]
        if PROJECT in sources:
            command += [
                "--extra",
                "test",
                "--extra",
                "view",
                "--extra",
                "report",
                "--extra",
                "train",
            ]
        text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    locked: Locked = {}
    for block in re.findall(r"^\S.*(?:\n .*)*", text, re.M):
        name = re.match(r"[\w.-]+", block)[0]
        locked[name] = f"{locked[name]}\n{block}" if name in locked else block
    return locked


def write(name: str, locked: Locked) -> None:
    TARGET.mkdir(exist_ok=True)
    (TARGET / name).write_text(HEAD + "".join(f"{block}\n" for block in locked.values()))


def default_torch() -> str:
    """What ./run installs unless it is told otherwise."""
    return re.search(r"default_torch=(torch==[\d.]+)", (ROOT / "run").read_text())[1]


def main() -> None:
    torch = default_torch()
    colcon, wheels = REQUIREMENTS / "colcon.txt", REQUIREMENTS / "ros-wheels.txt"
    everything = resolve(PROJECT, colcon, wheels, extra_lines=(torch,))
    torch_set = {name: everything[name] for name in resolve(extra_lines=(torch,))}
    is_cuda = re.compile(r"(torch|triton)$|nvidia-|cuda-")
    plain = resolve(PROJECT, colcon, extra_lines=(torch,))
    python = {name: block for name, block in everything.items() if name in plain}
    numpy1 = resolve(PROJECT, colcon, extra_lines=(torch, NUMPY_1), constrained=False)
    trackeval = resolve(REQUIREMENTS / "trackeval.txt", options=("--no-deps",))
    write("trackeval.txt", trackeval)
    write("torch.txt", torch_set)
    write("numpy1.txt", {name: b for name, b in numpy1.items() if not is_cuda.match(name)})
    write("numpy2.txt", {name: b for name, b in python.items() if not is_cuda.match(name)})
    known = set(python) | set(torch_set)
    write("ros-wheels.txt", {name: b for name, b in everything.items() if name not in known})


if __name__ == "__main__":
    main()
