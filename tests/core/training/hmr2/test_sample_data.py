"""Which samples a step sees."""

import numpy as np
import pytest

from humans4d_core.errors import Humans4dError
from humans4d_core.recovery.crops.person_crops import MEAN, STD
from humans4d_core.training.hmr2.sample_data import RandomPlaces, Samples
from humans4d_core.training.hmr2.shards import write_shard
from humans4d_core.training.hmr2.training_config import DataSet

TWO = [DataSet((), 1.0), DataSet((), 3.0)]


@pytest.fixture(scope="module")
def shards(people, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    write_shard(folder / "a.tar", people[:2])
    write_shard(folder / "b.tar", people[2:5])
    write_shard(folder / "c.tar", people[5:6])
    return [folder / name for name in ("a.tar", "b.tar", "c.tar")]


def test_a_resumed_training_sees_what_it_would_have_seen():
    whole = list(RandomPlaces([50, 70], TWO, 6, 20, seed=5))
    assert list(RandomPlaces([50, 70], TWO, 6, 20, seed=5, start=13)) == whole[13:]
    assert list(RandomPlaces([50, 70], TWO, 6, 20, seed=6)) != whole


def test_processes_share_the_batch_that_one_would_see():
    whole = list(RandomPlaces([50, 70], TWO, 8, 5, seed=1))
    halves = [RandomPlaces([50, 70], TWO, 4, 5, seed=1, rank=k, processes=2) for k in range(2)]
    assert [a + b for a, b in zip(*halves, strict=True)] == whole


def test_sets_are_drawn_by_their_weights_and_samples_evenly():
    places = np.concatenate(list(RandomPlaces([10, 1000], TWO, 100, 100, seed=0)))
    kinds, rows = places[:, 0], places[:, 1]
    assert abs((kinds == 1).mean() - 0.75) < 0.02
    counts = np.bincount(rows[kinds == 0], minlength=10)
    assert len(counts) == 10 and counts.min() > 0.7 * counts.mean()


def test_samples_of_all_shards_are_found(shards, people):
    samples = Samples([DataSet(shards[:2]), DataSet(shards[2:])])
    assert samples.sizes == [5, 1]
    order = [(0, k) for k in range(5)] + [(1, 0)]
    for place, sample in zip(order, people, strict=False):
        batch = samples[(*place, 0)]
        np.testing.assert_array_equal(batch["betas"].numpy(), sample.betas)
        gray = batch["image"].numpy().transpose(1, 2, 0) * STD + MEAN
        assert np.abs(gray[..., ::-1] - sample.crop_bgr).mean() < 8


def test_changes_are_the_seeds(shards):
    samples = Samples([DataSet(shards)], flip=0.5, color=0.2)
    images = [samples[0, 0, seed]["image"].numpy() for seed in (1, 1, 2, 3, 4)]
    assert np.array_equal(images[0], images[1])
    assert all(not np.array_equal(images[0], other) for other in images[2:])
    turned = [samples[0, 0, seed]["global_orient"].numpy() for seed in range(40)]
    unlike = sum(not np.array_equal(turned[0], each) for each in turned)
    assert 8 < unlike < 32


def test_a_broken_sample_is_passed_over_and_a_broken_shard_is_told(shards, tmp_path):
    data = bytearray(shards[1].read_bytes())
    start = data.index(b"\xff\xd8\xff")
    data[start : start + 2000] = bytes(2000)
    (tmp_path / "broken.tar").write_bytes(data)
    samples = Samples([DataSet((tmp_path / "broken.tar",))])
    after = samples[0, 1, 0]["betas"].numpy()
    np.testing.assert_array_equal(samples[0, 0, 0]["betas"].numpy(), after)
    for start in range(len(data) - 3):
        if data[start : start + 3] == b"\xff\xd8\xff":
            data[start : start + 3] = bytes(3)
    (tmp_path / "broken.tar").write_bytes(data)
    with pytest.raises(Humans4dError, match="samples in a row are broken"):
        Samples([DataSet((tmp_path / "broken.tar",))])[0, 0, 0]
