"""One place says what can be set; names from outside lead to it."""

import subprocess
import sys

import pytest

from humans4d_core.config import SETTINGS, PipelineConfig
from humans4d_core.errors import Humans4dError


def test_every_setting_can_be_set_by_its_name_and_read_again():
    default = PipelineConfig()
    for name, found in SETTINGS.items():
        value = _another(found)
        changed = default.replaced({name: value})
        assert changed.value(name) == value != default.value(name)
        assert [n for n in SETTINGS if changed.value(n) != default.value(n)] == [name]


def _another(found):
    info, default = found.info, found.default
    if isinstance(default, bool):
        return not default
    if isinstance(default, str):
        return next((choice for choice in info.choices if choice != default), "another")
    if found.field == "start_score":
        return 0.5
    return info.low if info.low != default else type(default)(info.high)


def test_every_setting_says_what_it_means_and_its_own_range_holds_its_default():
    meanings = [found.info.meaning for found in SETTINGS.values()]
    assert len(set(meanings)) == len(meanings) and all(m.endswith(".") for m in meanings)
    for found in SETTINGS.values():
        found.check(found.default)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("nonsense", 1, "no setting 'nonsense'"),
        ("tracker.nonsense", 1, "no setting"),
        ("threads", -1, "threads is -1: give 0 to 256"),
        ("threads", "many", "give a number"),
        ("max_people", 2.5, "whole number"),
        ("restart_seconds", float("nan"), "finite"),
        ("tracking", "sort", "give one of default, phalp-costs"),
        ("tracker.use_joints", 1, "true or false"),
        ("ground_tilt_sigma", 9, "positioning ground_tilt_sigma is 9"),
        ("checkpoint", 7, "give a text"),
        ("pose_predictor\x1b[2J", 7, r"x1b"),
    ],
)
def test_what_cannot_be_set_is_one_sentence(name, value, told):
    with pytest.raises(Humans4dError, match=told) as caught:
        PipelineConfig().replaced({name: value})
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)


def test_configurations_load_nothing_heavy():
    code = (
        "import sys, humans4d_core.config\n"
        "heavy = {'torch', 'numpy', 'cv2', 'onnxruntime', 'numba'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
