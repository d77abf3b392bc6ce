"""torch.save's files as data: every tensor, and nothing of what a hostile one would do."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from humans4d_core.errors import ModelFileError
from humans4d_core.untrusted_files.tensor_files import open_weights


class WritesAFile:
    """What pickle would run on loading: a call that leaves a file behind."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(3, 5, generator=generator) for name in ("first", "second", "third")}


@pytest.fixture
def saved(tmp_path, state) -> Path:
    return save(tmp_path, state)


def save(folder: Path, state: dict, **extra) -> Path:
    path = folder / "network.ckpt"
    torch.save({"state_dict": state, "epoch": 3, **extra}, path)
    return path


def rewritten(path: Path, change) -> Path:
    """The archive with each member's name and content passed through `change`; None leaves out."""
    with zipfile.ZipFile(path) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members:
            changed = change(name, content)
            if changed is not None:
                archive.writestr(name, changed)
    return path


def described(path: Path, old: bytes, new: bytes) -> Path:
    """The archive with `old` replaced in its description."""

    def change(name: str, content: bytes) -> bytes:
        assert not name.endswith("data.pkl") or old in content
        return content.replace(old, new) if name.endswith("data.pkl") else content

    return rewritten(path, change)


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        open_weights(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and message.isprintable()
    return message


def test_strided_shared_parameter_and_half_tensors_are_read(tmp_path):
    base = torch.randn(6, 8)
    tensors = {
        "transposed": base.T,
        "column": base[:, 3],
        "slice": base[2:4, 1:5],
        "half": base.half(),
        "brain": base.bfloat16(),
        "long": torch.arange(5),
        "flag": torch.tensor(True),
        "none": torch.zeros(0, 3),
        "parameter": torch.nn.Parameter(base + 1),
    }
    with open_weights(save(tmp_path, tensors)) as weights:
        for name, expected in tensors.items():
            assert torch.equal(weights.read(name), expected), name
            assert weights.read(name).is_contiguous()


def test_a_bare_state_dict_is_read_too(tmp_path, state):
    torch.save(state, tmp_path / "state.pt")
    with open_weights(tmp_path / "state.pt") as weights:
        assert weights.tensors.keys() == state.keys()


def test_what_it_says_of_its_training_is_told(saved):
    with open_weights(saved) as weights:
        assert weights.metadata == {"epoch": "3"}


def test_an_absurd_count_is_not_told(tmp_path, state):
    """Python refuses to write a number of a million digits, by a ValueError."""
    with open_weights(save(tmp_path, state, epoch=10**100_000)) as weights:
        assert weights.metadata == {}


def test_a_hostile_file_runs_nothing(tmp_path, state):
    mark = tmp_path / "executed"
    path = save(tmp_path, state, hyper_parameters=WritesAFile(mark), callbacks=[WritesAFile(mark)])
    torch.load(path, weights_only=False)
    assert mark.exists()  # the file is hostile indeed
    mark.unlink()
    with open_weights(path) as weights:
        assert torch.equal(weights.read("second"), state["second"])
    assert not mark.exists()


def test_a_tensor_that_is_a_call_is_refused(tmp_path, state):
    mark = tmp_path / "executed"
    assert "second is no plain tensor" in refusal(
        save(tmp_path, {**state, "second": WritesAFile(mark)})
    )
    assert not mark.exists()


def test_the_format_before_zip_is_refused_unread(tmp_path, state):
    mark, path = tmp_path / "executed", tmp_path / "old.ckpt"
    content = {"state_dict": state, "hyper_parameters": WritesAFile(mark)}
    torch.save(content, path, _use_new_zipfile_serialization=False)
    assert "bare pickle" in refusal(path)
    path.write_bytes(pickle.dumps(WritesAFile(mark)))
    assert "nothing in it was run" in refusal(path)
    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x80\x02}.", b"PK\x03\x04"])
def test_another_kind_of_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "network.ckpt"
    path.write_bytes(content)
    refusal(path)


@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.999])
def test_a_truncated_file_is_one_sentence(saved, share):
    os.truncate(saved, int(saved.stat().st_size * share))
    refusal(saved)


@pytest.mark.parametrize("content", [[1, 2], torch.zeros(3), torch.nn.Linear(3, 4), {}])
def test_what_is_no_dictionary_of_tensors_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "network.ckpt")
    assert "holds no state_dict" in refusal(tmp_path / "network.ckpt")


def test_compressed_members_are_refused(saved):
    with zipfile.ZipFile(saved) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    assert "compressed" in refusal(saved)


def test_a_damaged_compressed_byteorder_is_refused(saved):
    """zlib's own error is of no kind that a reader expects."""
    with zipfile.ZipFile(saved) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(saved, "w") as archive:
        for name, content in members:
            kind = zipfile.ZIP_DEFLATED if name.endswith("/byteorder") else zipfile.ZIP_STORED
            archive.writestr(name, content, compress_type=kind)
    assert "compressed" in refusal(saved)


def test_a_missing_or_shortened_storage_is_refused(tmp_path, state):
    path = rewritten(save(tmp_path, state), lambda n, c: None if n.endswith("/data/1") else c)
    assert "lacks its storage data/1" in refusal(path)
    path = rewritten(save(tmp_path, state), lambda n, c: c[:-4] if n.endswith("/data/1") else c)
    assert "does not fit into its storage" in refusal(path)


def test_the_big_endian_byte_order_is_refused(saved):
    rewritten(saved, lambda n, c: b"big" if n.endswith("/byteorder") else c)
    assert "little-endian" in refusal(saved)


class Rebuilt:
    """A tensor that claims any offset, shape and strides over a storage of 16 numbers."""

    def __init__(self, offset, shape, strides):
        self.arguments = (torch.zeros(16).untyped_storage(), offset, shape, strides)

    def __reduce__(self):
        storage, *rest = self.arguments
        typed = torch.storage.TypedStorage(
            wrap_storage=storage, dtype=torch.float32, _internal=True
        )
        return torch._utils._rebuild_tensor_v2, (typed, *rest, False, {})


@pytest.mark.parametrize(
    "claim",
    [
        (12, (8,), (1,)),  # runs out of the storage
        (-4, (4,), (1,)),  # begins before it
        (0, (4, 4), (8, 1)),
        (0, (1 << 20, 1 << 20), (0, 0)),  # the same bytes again and again
        (0, (1 << 62, 0), (1, 1)),
        (0, (4,), (-1,)),
        (0, (4,), (1, 1)),
        (0, (1,) * 100, (1,) * 100),
        (0, (4.0,), (1,)),
    ],
)
def test_tensors_outside_of_their_storage_are_refused(tmp_path, state, claim):
    assert "second" in refusal(save(tmp_path, {**state, "second": Rebuilt(*claim)}))


def test_names_that_would_write_to_a_terminal_are_refused(tmp_path, state):
    refusal(save(tmp_path, {**state, "\x1b[2J": torch.zeros(1)}))


@pytest.mark.parametrize(
    "old, new",
    [
        (b"FloatStorage", b"Fl\x1b[2Jorage"),
        (b"X\x01\x00\x00\x001", b"X\x01\x00\x00\x00\x1b"),  # the second storage's key
    ],
)
def test_nothing_of_the_file_reaches_a_terminal_as_it_is(saved, old, new):
    refusal(described(saved, old, new))


def test_numbers_that_are_none_are_refused_when_read(tmp_path, state):
    state["second"][1, 2] = float("nan")
    with open_weights(save(tmp_path, state)) as weights:
        weights.read("first")
        with pytest.raises(ModelFileError, match="second holds NaN"):
            weights.read("second")


def test_a_file_that_cannot_be_opened_says_why(tmp_path):
    assert "cannot be read: No such file" in refusal(tmp_path / "missing.ckpt")
    assert "is a folder: a regular file is needed" in refusal(tmp_path)
    assert "cannot be read: File name too long" in refusal(tmp_path / ("long" * 100))
