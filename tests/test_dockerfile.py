"""The Dockerfile, carried out instruction by instruction in a clean Debian root.

Off by default: it takes minutes and needs root and debootstrap.

  HUMANS4D_TEST_DOCKERFILE=1   switches it on
  HUMANS4D_CLEAN_ROOT=FOLDER   a root of debootstrap's to start from (a copy of it is used)
  HUMANS4D_TEST_BIND=A:B       folders of this machine that pip's settings name
  HUMANS4D_TORCH=...           the build argument, for a smaller PyTorch than the default's 3 GB
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from places import ROOT

SWITCH = "HUMANS4D_TEST_DOCKERFILE"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CERTIFICATES = "/etc/ssl/host-certificates.crt"
#: Run in a mount namespace of its own, so that no mount outlives it.
IN_ROOT = """
root=$1 user=$2 folder=$3; shift 3
mount -t proc proc "$root/proc"
for place in /dev /sys ${BIND//:/ }; do
  mkdir -p "$root$place"; mount --rbind "$place" "$root$place"
done
exec chroot --userspec="$user" "$root" /usr/bin/env -i "$@" /bin/sh -c "cd '$folder' && $COMMAND"
"""


def instructions() -> list[tuple[str, str]]:
    """(keyword, rest) of each instruction of the Dockerfile."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [tuple(line.split(maxsplit=1)) for line in lines]


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path (relative to the project) out of the build.

    As Docker does: the last pattern that fits the path or a folder above it decides.
    """
    ignored = False
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    for pattern in (line for line in lines if line and not line.startswith("#")):
        wanted = pattern.removeprefix("!")
        names = [path, *(str(parent) for parent in Path(path).parents)]
        if wanted.startswith("**/"):
            fits = any(fnmatch.fnmatchcase(Path(name).name, wanted[3:]) for name in names)
        else:
            fits = any(fnmatch.fnmatchcase(name, wanted) for name in names)
        if fits:
            ignored = not pattern.startswith("!")
    return ignored


class Container:
    """A root folder and what the instructions so far have set."""

    def __init__(self, root: Path, build_arguments: dict[str, str]):
        self.root = root
        self.folder, self.user = "/", "root"
        self.arguments = dict(build_arguments)
        self.environment: dict[str, str] = {}
        self.entrypoint: list[str] = []

    def do(self, keyword: str, rest: str) -> None:
        if keyword == "ARG":
            name, _, default = rest.partition("=")
            self.arguments.setdefault(name, default.strip('"'))
        elif keyword == "ENV":
            for pair in shlex.split(rest):
                name, value = pair.split("=", 1)
                self.environment[name] = self.expanded(value)
        elif keyword == "WORKDIR":
            self.folder = rest
        elif keyword == "USER":
            self.user = rest
        elif keyword == "COPY":
            self.copy(shlex.split(rest))
        elif keyword == "RUN":
            self.run(rest)
        elif keyword == "ENTRYPOINT":
            self.entrypoint = json.loads(rest)
        else:
            assert keyword in ("FROM", "VOLUME"), keyword

    def expanded(self, text: str) -> str:
        known = {**self.arguments, **self.environment}
        return re.sub(r"\$\{(\w+)\}", lambda match: known[match[1]], text)

    def copy(self, words: list[str]) -> None:
        owner = next((w.split("=")[1] for w in words if w.startswith("--chown=")), "root")
        *sources, target = [w for w in words if not w.startswith("--")]
        place = self.root / os.path.join(self.folder, target).lstrip("/")
        for source in sources:
            path = ROOT / source
            if path.is_dir():
                shutil.copytree(path, place, ignore=self.ignored, dirs_exist_ok=True, symlinks=True)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)
        if owner != "root":
            inside = "/" + str(place.relative_to(self.root))
            self.run(f"chown -R {owner} {inside}", user="root")

    @staticmethod
    def ignored(folder: str, names: list[str]) -> list[str]:
        relative = os.path.relpath(folder, ROOT)
        return [n for n in names if is_ignored(os.path.normpath(os.path.join(relative, n)))]

    def start(self, command: str, user: str = "", **options) -> subprocess.Popen:
        user = user or self.user
        home = "/root" if user == "root" else f"/home/{user}"
        passed = {k: v for k, v in os.environ.items() if k.lower().endswith("_proxy")}
        environment = {"HOME": home, "PATH": PATH, "LANG": "C.UTF-8", **passed, **self.environment}
        assignments = [f"{name}={value}" for name, value in environment.items()]
        return subprocess.Popen(
            ["unshare", "--mount", "bash", "-ec", IN_ROOT, "-", self.root, user, self.folder,
             *assignments],
            env={
                **os.environ,
                "COMMAND": command,
                "BIND": os.environ.get("HUMANS4D_TEST_BIND", ""),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )  # fmt: skip

    def run(self, command: str, user: str = "") -> str:
        print(f"+ {command}", flush=True)
        process = self.start(command, user)
        output, _ = process.communicate(timeout=1800)
        print(output, flush=True)
        assert process.returncode == 0, f"{command}\n{output[-3000:]}"
        return output


@pytest.fixture
def clean_root():
    """A Debian as debootstrap makes it, with this machine's network settings."""
    if not os.environ.get(SWITCH):
        pytest.skip(f"takes minutes: set {SWITCH}=1")
    if os.geteuid() != 0:
        pytest.skip("needs root")
    folder = Path(tempfile.mkdtemp(prefix="humans4d_docker_", dir="/var/tmp"))
    root = folder / "root"
    try:
        base = os.environ.get("HUMANS4D_CLEAN_ROOT")
        if base:
            subprocess.run(["cp", "-a", base, root], check=True)
        else:
            debootstrap = ["debootstrap", "--variant=minbase", "--include=ca-certificates"]
            subprocess.run([*debootstrap, "bookworm", root], check=True)
        for file in ("/etc/resolv.conf", "/etc/hosts"):
            shutil.copy(file, str(root) + file)
        place = "/etc/apt/sources.list.d"
        subprocess.run(["cp", "-r", f"{place}/.", str(root) + place], check=True)
        # Not among the root's own certificates: installing packages writes those anew.
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", str(root) + CERTIFICATES)
        (root / "etc/pip.conf").write_text(pip_settings())
        yield root
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pip_settings() -> str:
    """Where this machine's pip finds packages, as a file."""
    told = subprocess.run(["pip", "config", "list"], capture_output=True, text=True).stdout
    found = re.findall(r"^\S*\.(index-url|extra-index-url|find-links)='(.*)'$", told, re.M)
    settings = {**dict(found), "cert": CERTIFICATES}
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


@pytest.mark.parametrize(
    "path",
    [
        ".venv", ".git", "weights", "data/epoch=35.ckpt", "body/SMPL_NEUTRAL.pkl", "SMPL_MALE.npz",
        "hmr2.safetensors", "detectors/rtdetr.onnx", "a/b/c/model.pt", "model.pth", "hmr2.engine",
        "hmr2.onnx.data", "pytorch_model.bin", "weights.tar.gz", "smpl.zip",
        "keystore/private/ca.pem", "enclaves/humans4d/key.pem", "people.mcap", "front_door.mp4",
    ],
)  # fmt: skip
def test_what_the_image_must_not_hold_is_ignored(path):
    assert is_ignored(path)


def test_all_that_git_holds_is_in_the_image():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    assert [path for path in done.stdout.splitlines() if is_ignored(path)] == []


def test_the_base_image_is_named_by_its_digest():
    default = dict(rest.split("=", 1) for keyword, rest in instructions() if keyword == "ARG")
    assert re.fullmatch(r"debian:bookworm@sha256:[0-9a-f]{64}", default["BASE_IMAGE"])


def test_the_node_of_the_image_is_nobody_and_heard_by_this_machine_only():
    steps = instructions()
    assert [rest for keyword, rest in steps if keyword == "USER"][-1] == "humans4d"
    environment = " ".join(rest for keyword, rest in steps if keyword == "ENV")
    assert "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST" in environment
    assert "HUMANS4D_LOCKED=1" in environment


def test_dependencies_come_before_the_sources():
    steps = [f"{keyword} {rest}" for keyword, rest in instructions()]
    everything = next(i for i, step in enumerate(steps) if re.match(r"COPY .*\. \.$", step))
    assert any("install.sh setup" in step for step in steps[:everything])
    assert any("install.sh rosdep" in step for step in steps[:everything])
    assert any("install.sh build" in step for step in steps[everything:])
    assert "USER humans4d" in steps[:everything]


def test_the_image_can_be_made_and_its_node_runs(clean_root):
    named = {name: os.environ[name] for name in ("HUMANS4D_TORCH",) if name in os.environ}
    container = Container(clean_root, named)
    for keyword, rest in instructions():
        container.do(keyword, rest)
    files = [str(path) for path in clean_root.rglob("*") if path.suffix in (".ckpt", ".pkl")]
    ours = [file for file in files if "/opt/humans4d/" in file and "/.venv/" not in file]
    assert not ours

    assert container.user == "humans4d"
    words = [*container.entrypoint, "--ros-args", "-p", "recovery:=landmarks"]
    command = f"timeout --signal=INT 60 {shlex.join(words)}"
    start = time.monotonic()
    output, _ = container.start(command).communicate(timeout=180)
    print(output, f"{time.monotonic() - start:.0f} s")
    assert "active: listening to /image, /camera_info" in output, output
    assert "rror" not in output
