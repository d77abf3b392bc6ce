"""Every reader of files meets every hostile file: one sentence, in bounded memory and time.

Each reader runs in a process of its own, under a limit on memory and processor time. A module that
opens files and stands in no row of READERS fails `test_no_reader_is_missing`.
"""

import ast
import contextlib
import json
import os
import pickle
import resource
import signal
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from places import ROOT
from readers_of_files import OWN_FILES, READERS

CORE = ROOT / "humans4d_core"
EXTRA_MEMORY = 1_500_000_000  # beyond what the process has when everything is imported
CPU_SECONDS = 90
DEADLINE = 300  # seconds, on a busy machine


OPENERS = {
    "open_regular", "read_regular", "check_regular", "read_yaml", "parse_yaml", "read_npy",
    "read_npz", "read_lines", "read_text", "read_bytes", "load", "imread", "VideoCapture",
    "ZipFile", "InferenceSession", "open_memmap", "fromfile", "loadtxt", "genfromtxt",
}  # fmt: skip


def opens_files(path):
    """Whether a module calls anything that opens a file for reading."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        modes = [a.value for a in node.args if isinstance(a, ast.Constant)]
        if name in OPENERS or (name == "open" and any(m in ("r", "rb") for m in modes)):
            return True
    return False


def test_no_reader_is_missing():
    found = {
        path.relative_to(CORE).as_posix()
        for path in CORE.rglob("*.py")
        if "untrusted_files" not in path.parts and opens_files(path)
    }
    listed = {module for _, _, modules in READERS.values() for module in modules}
    assert found - set(OWN_FILES) - listed == set(), "tell READERS how they are tried"
    assert all((CORE / module).is_file() for module in listed | set(OWN_FILES))


def png_bomb():
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    pixels = zlib.compress(bytes(50_000_000))
    header = struct.pack(">IIBBBBB", 32_000, 33_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels)


def zip_bomb(path, *names):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in names:
            with archive.open(name, "w") as file:
                for _ in range(30):
                    file.write(bytes(10_000_000))


def sqlite_bomb(path):
    import sqlite3

    database = sqlite3.connect(path)
    rows = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n AS id"
    for name in ("topics", "messages", "schema", "message_definitions"):
        database.execute(f"CREATE VIEW {name} AS {rows} FROM r")
    database.close()


YAML_BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
COLLIDING = b"\x80\x02(" + b"".join(
    b"\x8a\x0b" + (k * (2**61 - 1)).to_bytes(11, "little", signed=True) + b"N"
    for k in range(1, 30_000)
) + b"d."  # fmt: skip
ESCAPES = "\x1b[2J\x1b]0;owned\x07\u202e\n" * 1000


def make_hostile_files(folder):
    """One of each kind; a name without suffix."""
    os.mkfifo(folder / "fifo")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "folder").mkdir()
    with (folder / "zeros").open("wb") as file:
        file.truncate(5_000_000_000)
    for name, head in (("sqlite", b"SQLite format 3\0"), ("mcap", b"\x89MCAP0\r\n\x01"),
                       ("zip", b"PK\x03\x04"), ("png", b"\x89PNG\r\n\x1a\n"), ("nothing", b""),
                       ("jpeg", b"\xff\xd8\xff"), ("numpy", b"\x93NUMPY\x01\0\xff\xff"),
                       ("zstd", b"\x28\xb5\x2f\xfd"), ("xz", b"\xfd7zXZ\0"), ("tiff", b"II*\0"),
                       ("mp4", b"\0\0\0\x18ftypmp42"), ("long", b"\xff" * 8 + b"{")):  # fmt: skip
        (folder / f"begins as {name}").write_bytes(head + bytes(range(256)) * 40 * bool(head))
    (folder / "png bomb").write_bytes(png_bomb())
    zip_bomb(folder / "npz bomb", "shapedirs.npy")
    zip_bomb(folder / "ckpt bomb", "x/data.pkl")
    sqlite_bomb(folder / "sqlite bomb")
    (folder / "yaml bomb").write_text(YAML_BOMB)
    (folder / "pickle of colliding keys").write_bytes(COLLIDING)
    (folder / "pickle of lists").write_bytes(b"\x80\x02" + b"]" * 3_000_000 + b".")
    (folder / "pickle that runs").write_bytes(pickle.dumps({"v_template": Runs(folder)}))
    (folder / "one long line").write_bytes(b"1," * 25_000_000)
    (folder / "escape codes").write_text(ESCAPES)
    header = b'{"x":[' + b"{}," * 4_000_000 + b"{}]}"
    (folder / "safetensors header").write_bytes(len(header).to_bytes(8, "little") + header)
    (folder / "deep json").write_bytes((10**5).to_bytes(8, "little") + b"{" + b"[" * (10**5 - 1))


class Runs:
    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return open, (str(self.folder / "executed"), "w")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Reader -> file -> (what came of it, what was said)."""
    folder = tmp_path_factory.mktemp("hostile")
    make_hostile_files(folder)
    command = [sys.executable, __file__, folder, tmp_path_factory.mktemp("names")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
    assert result.returncode == 0, result.stderr[-2000:]
    assert not (folder / "executed").exists()
    return json.loads(result.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", READERS)
def test_a_reader_refuses_every_hostile_file_in_bounds(name, outcomes):
    told = outcomes[name]
    assert len(told) > 20, told
    assert {case: what for case, what in told.items() if what[0] != "refused"} == {}
    assert all(text.isprintable() and 10 < len(text) <= 1500 for _, text in told.values())


def try_all(name, hostile, folder):
    """Outcome of each file, by suffix, within the limits."""
    from humans4d_core.errors import Humans4dError

    read, suffixes, _ = READERS[name]
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + EXTRA_MEMORY,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS,) * 2)
    outcomes = {}
    for file in sorted(hostile.iterdir()):
        for suffix in suffixes:
            path = folder / f"{file.name}{suffix}"
            path.parent.mkdir(exist_ok=True)
            path.symlink_to(file)
            try:
                read(path if not suffix.startswith("/") else path.parent)
                outcome = ("accepted", "")
            except Humans4dError as error:
                outcome = ("refused", str(error))
            except BaseException as error:
                outcome = ("broken", repr(error)[:300])
            outcomes[str(path.relative_to(folder))] = outcome
    return outcomes


def in_a_process_of_its_own(name, hostile, folder):
    """Forked, so that what is heavy is imported once."""
    result = folder / "outcomes.json"
    child = os.fork()
    if not child:
        result.write_text(json.dumps(try_all(name, hostile, folder)))
        os._exit(0)
    end = time.monotonic() + DEADLINE
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.02)
    return json.loads(result.read_text()) if result.exists() else {"all": ("killed", name)}


def import_everything(folder):
    """What readers import when they are first used: once, and not in every process."""
    for read, _, _ in READERS.values():
        with contextlib.suppress(Exception):
            read(folder / "missing.csv")


if __name__ == "__main__":
    told = {}
    import_everything(Path(sys.argv[2]))
    for number, reader in enumerate(READERS):
        place = Path(sys.argv[2], str(number))
        place.mkdir()
        told[reader] = in_a_process_of_its_own(reader, Path(sys.argv[1]), place)
    print(json.dumps(told))
