"""One changed bit in a file of weights is found, or changes nothing that is read."""

import random
import zipfile

import pytest
import torch

from humans4d_core import embedded_models
from humans4d_core.errors import ModelFileError
from humans4d_core.untrusted_files.tensor_files import open_weights, write_safetensors


@pytest.fixture
def state():
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(40, 5, generator=generator) for name in ("first", "second", "third")}


@pytest.fixture
def converted(tmp_path, state):
    path = tmp_path / "network.safetensors"
    layout = {name: (value.dtype, tuple(value.shape)) for name, value in state.items()}
    write_safetensors(path, layout, state.__getitem__, {"source": "a test", "heads": "16"})
    return path


@pytest.fixture
def saved(tmp_path, state):
    path = tmp_path / "network.ckpt"
    torch.save({"state_dict": state, "epoch": 3}, path)
    return path


def read(path):
    """All that a reader gets of a file."""
    with open_weights(path) as weights:
        return {name: weights.read(name) for name in weights.tensors}, dict(weights.metadata)


def flips(content, count, seed):
    """The content with one bit changed, `count` times, at seeded places."""
    places = random.Random(seed).sample(range(8 * len(content)), count)
    for place in places:
        changed = bytearray(content)
        changed[place >> 3] ^= 1 << (place & 7)
        yield place, bytes(changed)


@pytest.mark.parametrize("seed", range(4))
def test_any_changed_bit_of_a_converted_file_is_found(converted, seed):
    content = converted.read_bytes()
    for place, changed in flips(content, 500, seed):
        converted.write_bytes(changed)
        with pytest.raises(ModelFileError):
            read(converted)
            pytest.fail(f"bit {place} of {8 * len(content)} was not found")


@pytest.mark.parametrize("seed", range(4))
def test_a_changed_bit_of_a_checkpoint_is_found_or_changes_nothing_that_is_read(saved, state, seed):
    content, found = saved.read_bytes(), 0
    for place, changed in flips(content, 300, seed):
        saved.write_bytes(changed)
        try:
            tensors, metadata = read(saved)
        except ModelFileError:
            found += 1
            continue
        assert metadata == {"epoch": "3"}, place
        assert tensors.keys() == state.keys(), place
        assert all(torch.equal(tensors[name], state[name]) for name in state), place
    assert found > 100


def test_every_bit_of_the_numbers_of_a_checkpoint_counts(saved, state):
    content = saved.read_bytes()
    start = content.index(state["second"].numpy().tobytes())
    for bit in range(0, 8 * state["second"].nbytes, 37):
        changed = bytearray(content)
        changed[start + (bit >> 3)] ^= 1 << (bit & 7)
        saved.write_bytes(changed)
        with pytest.raises(ModelFileError, match="do not have the checksum"):
            read(saved)


def test_tensors_that_share_a_storage_are_checked_too(tmp_path):
    base = torch.randn(100)
    torch.save({"a": base[10:20], "b": base[50:]}, tmp_path / "network.ckpt")
    content = bytearray((tmp_path / "network.ckpt").read_bytes())
    content[content.index(base.numpy().tobytes()) + 4 * 15] ^= 1
    assert_damaged(tmp_path / "network.ckpt", bytes(content))


def assert_damaged(path, content):
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="damaged"):
        read(path)


@pytest.mark.skipif(
    not hasattr(torch.serialization, "set_crc32_options"), reason="torch always computes them here"
)
def test_a_checkpoint_that_was_saved_without_checksums_is_read(tmp_path, state):
    torch.serialization.set_crc32_options(False)
    try:
        torch.save({"state_dict": state}, tmp_path / "network.ckpt")
    finally:
        torch.serialization.set_crc32_options(True)
    with open_weights(tmp_path / "network.ckpt") as weights:
        assert torch.equal(weights.read("first"), state["first"])
        assert weights.tensors["first"].checked is None


@pytest.mark.parametrize("key", ["crc32", "header_crc32"])
def test_a_file_that_lost_half_of_its_checksums_is_refused(converted, key):
    content = converted.read_bytes().replace(f'"{key}"'.encode(), f'"{key[:-1]}3"'.encode())
    converted.write_bytes(content)
    with pytest.raises(ModelFileError, match="checksum"):
        read(converted)


def test_other_libraries_read_a_file_with_checksums(converted, state):
    safetensors = pytest.importorskip("safetensors.torch")
    loaded = safetensors.load_file(converted)
    assert all(torch.equal(loaded[name], state[name]) for name in state)


@pytest.mark.parametrize(
    "header",
    [
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
        b'"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        b'"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4.0]}}',
        b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[false,true]}}',
    ],
)
def test_headers_that_unfold_or_repeat_are_refused(tmp_path, header):
    path = tmp_path / "network.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(12))
    with pytest.raises(ModelFileError, match="header is damaged"):
        open_weights(path)


def test_a_table_of_contents_larger_than_any_checkpoints_is_refused_unread(tmp_path):
    path = tmp_path / "network.ckpt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", b"")
    content = path.read_bytes()
    entry = content[content.index(b"PK\x01\x02") : content.index(b"PK\x05\x06")]
    table = entry * (20_000_000 // len(entry))
    start = content.index(b"PK\x01\x02")
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2
    end += len(table).to_bytes(4, "little") + start.to_bytes(4, "little") + bytes(2)
    path.write_bytes(content[:start] + table + end)
    with pytest.raises(ModelFileError, match="table of contents of 20 MB"):
        open_weights(path)


@pytest.mark.parametrize("name", sorted(embedded_models.SHA256))
def test_embedded_models_are_those_of_the_readme_and_a_changed_bit_is_found(name, tmp_path):
    original = embedded_models.ASSETS / name
    embedded_models.check_embedded(original)
    assert embedded_models.SHA256[name] in (embedded_models.ASSETS / "README.md").read_text()
    for seed, (_, changed) in enumerate(flips(original.read_bytes(), 3, seed=5)):
        copy = tmp_path / str(seed) / name
        copy.parent.mkdir()
        copy.write_bytes(changed)
        with pytest.raises(ModelFileError, match="not the file that was released"):
            embedded_models.check_embedded(copy)


def test_every_embedded_model_has_its_checksum():
    files = {p.name for p in embedded_models.ASSETS.iterdir() if p.suffix in (".onnx", ".npz")}
    assert files == set(embedded_models.SHA256)
