"""Only regular files are opened, at once, within a bound."""

import os
import socket
from pathlib import Path

import pytest

from humans4d_core.errors import InputFileError, ModelFileError
from humans4d_core.untrusted_files import check_regular, open_regular, read_regular

READERS = (check_regular, open_regular, lambda path: read_regular(path, 1000))


@pytest.fixture
def special(tmp_path, monkeypatch):
    """A path of every kind that is no regular file, with the word for it."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    server = socket.socket(socket.AF_UNIX)
    server.bind("listener")
    (tmp_path / "link").symlink_to("pipe")
    yield {
        tmp_path / "pipe": "a FIFO",
        tmp_path / "link": "a FIFO",
        tmp_path / "listener": "a socket",
        Path("/dev/zero"): "a device",
        tmp_path: "a folder",
    }
    server.close()


@pytest.mark.parametrize("read", READERS)
def test_what_is_no_regular_file_is_named_and_not_opened(special, read):
    for path, kind in special.items():
        with pytest.raises(InputFileError, match=f"is {kind}: a regular file is needed"):
            read(path)


@pytest.mark.parametrize("read", READERS)
def test_what_cannot_be_opened_is_said_with_the_systems_reason(tmp_path, read):
    for name in ("absent", "x" * 5000, "a\0b", "\udcff", "loop"):
        (tmp_path / "loop").is_symlink() or (tmp_path / "loop").symlink_to("loop")
        with pytest.raises(InputFileError, match="cannot be read"):
            read(tmp_path / name)


def test_a_link_to_a_regular_file_is_read(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link", 3) == b"abc"
    assert check_regular(tmp_path / "link") == 3
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"abc"
        assert os.get_blocking(file.fileno()) and not os.get_inheritable(file.fileno())


def test_a_file_beyond_the_bound_is_refused_with_its_size(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(5_000_000_000)
    for read in (check_regular, open_regular, read_regular):
        with pytest.raises(ModelFileError, match=r"5,000\.0 MB, and at most 1,000\.0 MB"):
            read(tmp_path / "large", 10**9, ModelFileError)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc")
def test_a_file_of_the_kernel_that_hides_its_size_gives_nothing():
    assert read_regular("/proc/self/environ", 1000) == b""


def test_no_descriptor_is_left_behind_by_a_refusal(tmp_path):
    (tmp_path / "large").write_bytes(b"12345")
    before = os.listdir("/proc/self/fd")
    for _ in range(20):
        with pytest.raises(InputFileError):
            read_regular(tmp_path / "large", 4)
    assert len(os.listdir("/proc/self/fd")) <= len(before)
