"""Samples in tar files: whole, broken, hostile."""

import io
import struct
import tarfile

import numpy as np
import pytest

from humans4d_core.errors import InputFileError
from humans4d_core.training.hmr2.samples import ARRAYS
from humans4d_core.training.hmr2.shards import Shard, write_shard

#: The head of a picture of a thousand megapixels.
PNG_BOMB = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 32_000, 33_000) + bytes(9)


@pytest.fixture(scope="module")
def path(people, tmp_path_factory):
    path = tmp_path_factory.mktemp("shards") / "people.tar"
    assert write_shard(path, people[:4]) == 4
    return path


def rewritten(path, target, change):
    """A copy; `change` of (name, data) gives the new data, or None to leave it out."""
    with tarfile.open(path) as old, tarfile.open(target, "w") as new:
        for info in old:
            data = change(info.name, old.extractfile(info).read())
            if data is not None:
                info.size = len(data)
                new.addfile(info, io.BytesIO(data))
    return target


def test_what_is_written_is_read(path, people):
    shard = Shard(path)
    assert len(shard) == 4 and not shard.problems
    for number in (2, 0, 3, 1):
        sample = shard[number]
        for name in (*ARRAYS, "mask"):
            np.testing.assert_array_equal(getattr(sample, name), getattr(people[number], name))
        difference = sample.crop_bgr.astype(int) - people[number].crop_bgr
        assert np.abs(difference).mean() < 8  # JPEG, of noise


def test_equal_samples_give_equal_bytes(path, people, tmp_path):
    write_shard(tmp_path / "again.tar", people[:4])
    assert (tmp_path / "again.tar").read_bytes() == path.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["again.tar"]


@pytest.mark.parametrize(
    ("member", "data", "reason"),
    [
        ("000001.jpg", b"no image", "jpg is no image of 256 x 256"),
        ("000001.jpg", None, "it has no jpg"),
        ("000001.betas.npy", None, "it has no betas.npy"),
        ("000001.betas.npy", b"\x93NUMPY rubbish", "betas"),
        ("000001.mask.png", b"", "mask.png is no image"),
        ("000001.mask.png", PNG_BOMB, "it is 32000x33000, more than"),
    ],
)
def test_a_broken_sample_is_named_and_the_others_are_read(path, tmp_path, member, data, reason):
    broken = rewritten(path, tmp_path / "b.tar", lambda n, d: data if n == member else d)
    shard = Shard(broken)
    with pytest.raises(InputFileError, match=f"sample 000001: .*{reason}"):
        shard[1]
    assert len(shard) == 4 and shard[2].betas.shape == (10,)


def test_numbers_that_are_none_are_refused(path, tmp_path):
    data = io.BytesIO()
    np.save(data, np.full(10, np.nan, np.float32))
    spoiled = rewritten(
        path, tmp_path / "n.tar", lambda n, d: data.getvalue() if n.endswith("0.betas.npy") else d
    )
    with pytest.raises(InputFileError, match="betas holds a number that is not finite"):
        Shard(spoiled)[0]


def test_a_shard_that_is_cut_off_keeps_what_is_whole(path, tmp_path):
    whole = path.read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[: len(whole) * 6 // 10])
    shard = Shard(tmp_path / "cut.tar")
    assert len(shard) == 3 and shard[0].betas.shape == (10,)
    with pytest.raises(InputFileError):
        shard[2]


def test_links_and_giants_are_left_out(path, tmp_path):
    with tarfile.open(tmp_path / "l.tar", "w") as archive:
        link = tarfile.TarInfo("000000.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        giant = tarfile.TarInfo("000000.betas.npy")
        giant.size = 5_000_000
        archive.addfile(giant, io.BytesIO(bytes(5_000_000)))
        for suffix, data in (("betas.npy", b"x"), ("jpg", b"y")):
            info = tarfile.TarInfo(f"000001.{suffix}")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    shard = Shard(tmp_path / "l.tar")
    assert len(shard) == 1 and len(shard.problems) == 2
    assert "000000.jpg is no part of a sample" in shard.problems[0]


def test_what_is_no_tar_is_one_sentence(tmp_path):
    (tmp_path / "x.tar").write_bytes(b"no tar" * 1000)
    with pytest.raises(InputFileError, match=r"x.tar is no tar file"):
        Shard(tmp_path / "x.tar")
