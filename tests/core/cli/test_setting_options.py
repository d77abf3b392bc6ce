"""Settings by the command line: options, --set, and files."""

import pytest

from humans4d_core.cli.setting_options import pipeline_config
from humans4d_core.errors import Humans4dError


def test_options_go_before_set_and_set_before_the_file(tmp_path):
    file = tmp_path / "settings.yaml"
    file.write_text("threads: 3\nmax_people: 7\ntracker: {confirm_hits: 5, use_joints: false}\n")
    config = pipeline_config(file, ["max_people=8", "tracker.confirm_hits=6"], max_people=9)
    assert (config.threads, config.max_people, config.tracker.confirm_hits) == (3, 9, 6)
    assert config.tracker.use_joints is False


def test_the_nodes_parameter_file_is_one_too():
    from places import ROOT

    file = ROOT / "ros2_ws/src/humans4d_ros/config/humans4d.yaml"
    assert pipeline_config(file) == pipeline_config()


def test_values_become_what_the_setting_is():
    config = pipeline_config(None, ["tracker.use_position=False", "tracker.walking_speed=2"])
    assert config.tracker.use_position is False and config.tracker.walking_speed == 2.0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("threads", "give NAME=VALUE"),
        ("thread=3", "such as threads"),
        ("threads=many", "give a number"),
        ("tracker.use_joints=maybe", "true or false"),
        ("threads=1e9", "give a number"),
        ("max_people=0", "give a number above 0, 1 to 1000"),
        ("=", "give NAME=VALUE"),
    ],
)
def test_a_change_that_cannot_be_is_one_sentence(change, told):
    with pytest.raises(Humans4dError, match=told):
        pipeline_config(None, [change])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nonsense: 1", "sets 'nonsense'"),
        ("- 1", "holds no settings"),
        ("{", "not valid YAML"),
        ("threads: [1]", "give a number"),
        ("tracker: {}", ""),
    ],
)
def test_a_file_that_cannot_be_is_one_sentence(tmp_path, text, told):
    file = tmp_path / "settings.yaml"
    file.write_text(text)
    if not told:
        assert pipeline_config(file) == pipeline_config()
        return
    with pytest.raises(Humans4dError, match=told):
        pipeline_config(file)
