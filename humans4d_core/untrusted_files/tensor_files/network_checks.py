"""Does a file hold the network that it is taken for? Said before any memory is given to it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence

from ...errors import ModelFileError
from .tensor_file import TensorFile
from .tensor_names import some_of


def check_network(
    weights: TensorFile,
    network: str,
    expected: Mapping[str, tuple[int, ...]],
    unexpected: Sequence[str],
    advice: str,
    read_beside: Collection[str] = (),
    shared: Collection[str] = (),
) -> None:
    """Raise ModelFileError unless the file holds the tensors of a network.

    network: what messages call it. expected: name and shape of each tensor it needs. unexpected:
    tensors of the file that it should not have. advice: what to do about a file of another one.
    read_beside: further tensors that will be read. shared: those that show another one's bytes.
    """
    missing = [name for name in expected if name not in weights.tensors]
    if missing:
        raise ModelFileError(
            f"{weights.path} lacks {len(missing)} of the {len(expected)} tensors of {network} "
            f"({some_of(missing)}): {advice}"
        )
    if unexpected:
        raise ModelFileError(
            f"{weights.path} holds {len(unexpected)} tensors that {network} of these sizes does "
            f"not have ({some_of(unexpected)}): {advice}"
        )
    wrong = [
        f"{name} {weights.tensors[name].shape} instead of {tuple(shape)}"
        for name, shape in expected.items()
        if weights.tensors[name].shape != tuple(shape)
    ]
    if wrong:
        raise ModelFileError(
            f"{weights.path}: {len(wrong)} tensors have other shapes than the configuration says "
            f"({some_of(wrong)}): {advice}"
        )
    kinds = [name for name in expected if not weights.tensors[name].dtype.is_floating_point]
    if kinds:
        raise ModelFileError(f"{weights.path}: {some_of(kinds)} hold no floating point numbers")
    # A hostile file lets many tensors show the same bytes, and unfolds to far more than its size.
    read = {*expected, *read_beside}.difference(shared)
    wanted = sum(weights.tensors[name].nbytes for name in read)
    size = os.fstat(weights.file.fileno()).st_size
    if wanted > size:
        raise ModelFileError(
            f"{weights.path}: {size} bytes that claim to hold {wanted}: the file is not trusted"
        )
