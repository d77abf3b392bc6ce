"""Builds interface packages of other projects that this machine's ROS 2 lacks, for the tests.

    ./run exec python tests/ros/underlay/build.py      # prints the folder it installed them to

Their .msg files are written from the published field lists. A package that is installed is left
out: beside the real one, this would shadow it. Built once, again when a file here changes.
COLCON_IGNORE keeps them out of the workspace that this repository may be part of.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parent
CACHE = SOURCE.parents[2] / ".cache/test_underlay"


def missing_packages() -> list[Path]:
    """Folders of those packages here that no prefix of the environment has."""
    prefixes = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return [
        folder
        for folder in sorted(path.parent for path in SOURCE.glob("*/package.xml"))
        if not any(Path(prefix, "share", folder.name, "cmake").is_dir() for prefix in prefixes)
    ]


def build() -> Path:
    """The prefix of the packages that were missing; builds them where that is not done."""
    packages = missing_packages()
    content = hashlib.sha256(f"{sys.prefix} {sys.version}".encode())
    for folder in packages:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            content.update(str(path.relative_to(SOURCE)).encode() + path.read_bytes())
    prefix = CACHE / content.hexdigest()[:16]
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if packages and not (prefix / "complete").exists():
            # What was built of other sources is of no more use.
            for old in CACHE.iterdir():
                if old.is_dir():
                    shutil.rmtree(old)
            _build(packages, prefix)
            (prefix / "complete").touch()
    return prefix


def _build(packages: list[Path], prefix: Path) -> None:
    # Libraries find each other by their run-time path: the tests' own process, which has read
    # LD_LIBRARY_PATH long ago, imports them too.
    command = [
        sys.executable,
        "-c",
        "import sys; from colcon_core.command import main; sys.exit(main())",
        *("--log-base", str(CACHE / "build/log"), "build", "--merge-install"),
        *("--base-paths", *map(str, packages)),
        *("--build-base", str(CACHE / "build"), "--install-base", str(prefix)),
        *("--cmake-args", "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF"),
        f"-DCMAKE_INSTALL_RPATH={prefix}/lib",
        "-DCMAKE_INSTALL_RPATH_USE_LINK_PATH=ON",
        *(f"-DPython3_EXECUTABLE={sys.executable}", "--no-warn-unused-cli"),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(CACHE / "build")
    if done.returncode:
        raise RuntimeError(f"the test underlay does not build:\n{done.stdout[-4000:]}")


def environment(prefix: Path) -> dict[str, str]:
    """What a process needs besides its environment to find the packages of `prefix`."""
    if not prefix.is_dir():  # none was missing
        return {}
    python = sorted(prefix.glob("lib/python*/site-packages"))
    added = {
        "AMENT_PREFIX_PATH": [prefix],
        "LD_LIBRARY_PATH": [prefix / "lib"],
        "PYTHONPATH": python,
    }
    return {
        name: os.pathsep.join([*map(str, folders), *filter(None, [os.environ.get(name)])])
        for name, folders in added.items()
    }


if __name__ == "__main__":
    print(build())
