"""safetensors as data: damaged and hostile headers, and a writer that others can read."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch

from humans4d_core.errors import ModelFileError
from humans4d_core.untrusted_files.tensor_files import open_weights, write_safetensors


def write(path: Path, header: bytes, body: bytes = bytes(12)) -> Path:
    path.write_bytes(struct.pack("<Q", len(header)) + header + body)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        open_weights(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and message.isprintable()
    return message


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}}',
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
        b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,32]}}',
        b'{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,-16]}}',
        b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":"ab","data_offsets":[0,4]}}',
        b'{"a":{"dtype":["F32"],"shape":[1],"data_offsets":[0,4]}}',
        b'{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,16]}}',
        b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,16]}}',
        b'{"a":{"dtype":"F7","shape":[],"data_offsets":[0,0]}}',
        b'{"a":{"dtype":"\\u001b[2J","shape":[],"data_offsets":[0,0]}}',
        b'{"a":{"dtype":"F32","shape":[' + b"[" * 5000 + b"]" * 5000 + b'],"data_offsets":[0,0]}}',
        b'{"\xff\xfe":3}',
        b'{"a":3}',
        b'{"\\u001b[2J":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        b'{"__metadata__":3}',
    ],
)
def test_damaged_headers_are_one_sentence(tmp_path, header):
    refusal(write(tmp_path / "network.safetensors", header))


def test_a_tensor_of_a_million_dimensions_is_refused_at_once(tmp_path):
    """The work for strides grows as the square of their number: once, minutes for such a file."""
    shape = ",".join(["1"] * 1_000_000)
    header = f'{{"a":{{"dtype":"F32","shape":[{shape}],"data_offsets":[0,4]}}}}'
    message = refusal(write(tmp_path / "network.safetensors", header.encode()))
    assert "number of dimensions" in message


def test_a_header_longer_than_the_file_is_refused(tmp_path):
    path = tmp_path / "network.safetensors"
    path.write_bytes(struct.pack("<Q", 1 << 60) + b"{}")
    assert "truncated" in refusal(path)


def test_what_is_written_is_read_bit_by_bit(tmp_path):
    tensors = {
        "odd": torch.arange(3, dtype=torch.uint8),
        "matrix": torch.randn(4, 5),
        "half": torch.randn(2).half(),
        "scalar": torch.tensor(7),
    }
    path = tmp_path / "network.safetensors"
    layout = {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items()}
    write_safetensors(path, layout, tensors.__getitem__, {"source": "a test"})
    with open_weights(path) as weights:
        assert weights.metadata == {"source": "a test"}
        for name, tensor in tensors.items():
            assert torch.equal(weights.read(name), tensor)
    (length,) = struct.unpack("<Q", path.read_bytes()[:8])
    header = json.loads(path.read_bytes()[8 : 8 + length])
    assert all(header[name]["data_offsets"][0] % tensors[name].itemsize == 0 for name in tensors)


def test_what_fails_in_the_middle_leaves_no_file(tmp_path):
    def read(name: str) -> torch.Tensor:
        if name == "second":
            raise ModelFileError("damaged")
        return torch.zeros(3)

    layout = {name: (torch.float32, (3,)) for name in ("first", "second")}
    with pytest.raises(ModelFileError, match="damaged"):
        write_safetensors(tmp_path / "network.safetensors", layout, read, {})
    assert not list(tmp_path.iterdir())
