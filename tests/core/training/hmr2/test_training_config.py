"""What a training is told, and how mistakes are answered."""

import re

import pytest
from places import ROOT

from humans4d_core.errors import Humans4dError
from humans4d_core.recovery.hmr2.hmr2_config import Hmr2Config
from humans4d_core.training.hmr2.learning_rate import LAST_SHARE, learning_rate_factor
from humans4d_core.training.hmr2.training_config import (
    DataSet,
    TrainingConfig,
    described,
    read_training_config,
)


@pytest.fixture
def write(tmp_path):
    for name in ("a.tar", "b.tar", "held.tar"):
        (tmp_path / name).touch()

    def write(text):
        path = tmp_path / "config.yaml"
        path.write_text(text)
        return path

    return write


def test_paths_are_relative_to_the_file_and_may_be_patterns(write, tmp_path):
    config = read_training_config(write(
        "train:\n  - {shards: '[ab].tar', weight: 2}\n  - held.tar\nvalidation: held.tar\n"
        "network: {embed_dim: 64, num_heads: 4}\nlosses: {betas: 0.5}\nsteps: 7\n"
    ))  # fmt: skip
    first = DataSet((tmp_path / "a.tar", tmp_path / "b.tar"), 2.0)
    assert config.train == (first, DataSet((tmp_path / "held.tar",)))
    assert config.network == Hmr2Config(embed_dim=64, num_heads=4)
    assert (config.losses.betas, config.losses.keypoints_3d, config.steps) == (0.5, 0.05, 7)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- 1", "no list of settings"),
        ("steps: 5", "train is empty"),
        ("train: a.tar\nstep: 5", "no setting 'step'"),
        ("train: none*.tar", "nothing is at none"),
        ("train: {shards: a.tar, weigth: 1}", "an entry of train is"),
        ("train: {shards: a.tar, weight: 0}", "weight is 0: give one above 0"),
        ("train: a.tar\nsteps: many", "steps is 'many': give a number"),
        ("train: a.tar\nlearning_rate: -1", "learning_rate is -1"),
        ("train: a.tar\nprecision: fp8", "precision is 'fp8': give one of 32-true"),
        ("train: a.tar\nnetwork: {width: 5}", "network: .*width"),
        ("train: a.tar\nnetwork: {embed_dim: 10, num_heads: 3}", "3 heads cannot share 10"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_it(write, text, reason):
    with pytest.raises(Humans4dError, match=reason) as caught:
        read_training_config(write(text))
    assert "\n" not in str(caught.value)


def test_configurations_are_compared_but_for_what_changes_nothing():
    one = described(TrainingConfig(train=(), workers=0))
    assert one == described(TrainingConfig(train=(), workers=4))
    assert one != described(TrainingConfig(train=(), seed=1))


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_configurations_that_are_shipped_can_be_read(path, tmp_path):
    text = path.read_text()
    for pattern in re.findall(r"[\w/]+\*?[\w*]*\.(?:tar|npz)", text):
        place = tmp_path / pattern.replace("*", "0")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    (tmp_path / path.name).write_text(text)
    read_training_config(tmp_path / path.name)


def test_the_learning_rate_rises_and_falls():
    config = TrainingConfig(steps=1000, warmup_steps=100, schedule="cosine")
    factors = [learning_rate_factor(step, config) for step in range(1000)]
    assert factors[0] == 0.01 and max(factors) == factors[100] == 1
    assert factors[101:] == sorted(factors[101:], reverse=True)
    assert factors[-1] == pytest.approx(LAST_SHARE, rel=0.01)
    assert learning_rate_factor(999, TrainingConfig(steps=1000)) == 1
