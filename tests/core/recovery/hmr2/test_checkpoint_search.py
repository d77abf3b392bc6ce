"""Which file is the user's checkpoint."""

from pathlib import Path

import pytest

from humans4d_core.errors import ModelFileError
from humans4d_core.recovery.hmr2 import find_checkpoint

CACHED = "home/.cache/4DHumans/logs/train/multiruns/hmr2/0/checkpoints/"


@pytest.fixture
def no_wishes(monkeypatch, tmp_path):
    monkeypatch.delenv("HUMANS4D_CHECKPOINT", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    return tmp_path


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_nothing_asked_for_and_nothing_cached_is_none(no_wishes):
    assert find_checkpoint() is None


def test_the_released_checkpoint_is_found_in_the_originals_cache(no_wishes):
    touch(no_wishes / CACHED / "last.ckpt")
    released = touch(no_wishes / CACHED / "epoch=35-step=1000000.ckpt")
    assert find_checkpoint() == released


def test_a_path_goes_before_the_variable_and_that_before_the_cache(no_wishes, monkeypatch):
    touch(no_wishes / CACHED / "epoch=35-step=1000000.ckpt")
    named, variable = touch(no_wishes / "a.ckpt"), touch(no_wishes / "b.ckpt")
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", str(variable))
    assert find_checkpoint(named) == named
    assert find_checkpoint() == variable


def test_a_folder_stands_for_the_checkpoint_in_it(no_wishes):
    checkpoint = touch(no_wishes / "training" / "checkpoints" / "a.ckpt")
    assert find_checkpoint(no_wishes / "training") == checkpoint
    converted = touch(no_wishes / "training" / "small.safetensors")
    assert find_checkpoint(no_wishes / "training") == converted


def test_a_folder_of_several_asks_which(no_wishes):
    touch(no_wishes / "x" / "a.ckpt")
    touch(no_wishes / "x" / "b.ckpt")
    with pytest.raises(ModelFileError, match=r"2 checkpoints \(a.ckpt, b.ckpt\): name one"):
        find_checkpoint(no_wishes / "x")


@pytest.mark.parametrize("wish", ["missing.ckpt", "empty"])
def test_what_was_asked_for_and_is_not_there_is_an_error(no_wishes, monkeypatch, wish):
    (no_wishes / "empty").mkdir()
    monkeypatch.setenv("HUMANS4D_CHECKPOINT", str(no_wishes / wish))
    with pytest.raises(ModelFileError, match="give the checkpoint's path"):
        find_checkpoint()


def test_a_folder_of_a_checkpoints_name_is_none(no_wishes):
    (no_wishes / "x" / "a.ckpt").mkdir(parents=True)
    file = touch(no_wishes / "x" / "b.ckpt")
    assert find_checkpoint(no_wishes / "x") == file


def test_home_may_be_written_as_a_tilde(no_wishes, monkeypatch):
    monkeypatch.setenv("HOME", str(no_wishes))
    checkpoint = touch(no_wishes / "a.ckpt")
    assert find_checkpoint("~/a.ckpt") == checkpoint


@pytest.mark.parametrize("path", ["long" * 100, "~nobody-of-this-name/a.ckpt", "a\0b"])
def test_a_path_that_cannot_be_is_one_sentence(path):
    with pytest.raises(ModelFileError):
        find_checkpoint(path)
