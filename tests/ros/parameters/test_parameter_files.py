"""Parameter files: what is wrong is one sentence with its place, and nothing is executed."""

import os
from pathlib import Path

import pytest

if not os.environ.get("HUMANS4D_REQUIRE_ROS"):
    pytest.importorskip("humans4d_ros", reason="needs the built workspace: ./run test")

from humans4d_ros.parameters.parameter_files import ParameterFileError, read_parameter_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEAD = "/**:\n  ros__parameters:\n"
LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
EXECUTE = "!!python/object/apply:os.system ['touch executed']"


def read(folder: Path, text: str | bytes):
    path = folder / "params.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_parameter_file(path)


def test_values_are_found_by_node_and_name(tmp_path):
    file = read(
        tmp_path,
        "/robot:\n  humans4d:\n    ros__parameters:\n      max_rate: 5.0\n"
        "      tracker: {confirm_hits: 3, walking_speed: 1.5}\n"
        "      qos_overrides./image.subscription.depth: 2\n"
        "other/node: {ros__parameters: {names: [a, b], text: ''}}\n",
    )
    assert file.sections == {
        "/robot/humans4d": {
            "max_rate": "5.0",
            "tracker.confirm_hits": "3",
            "tracker.walking_speed": "1.5",
            "qos_overrides./image.subscription.depth": "2",
        },
        "/other/node": {"names": "", "text": ""},
    }
    assert file.notes == []


def test_the_file_that_is_installed_is_sound(config_folder):
    file = read_parameter_file(config_folder / "humans4d.yaml")
    assert len(file.sections["/**"]) > 30 and file.notes == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD + "    a: &a 1\n    b: *a\n", "line 4: an alias"),
        (LAUGHS, "'a0' is below no 'ros__parameters'"),
        (HEAD + "    x: &x [1, 2]\n    y: *x\n", "line 4: an alias"),
        (EXECUTE, "line 1: the tag tag:yaml.org,2002:python/object/apply:os.system"),
        (HEAD + f"    target_frame: {EXECUTE}\n", "line 3: the tag"),
        (HEAD + "    key: !custom 1\n", "line 3: the tag !custom"),
        (HEAD + "    x: " + "[" * 50 + "]" * 50, "line 3: a list holds values only"),
        (HEAD + "    x: " + "{a: " * 50 + "1" + "}" * 50, "nested more than 16 deep"),
        (HEAD + "    x: [" + "1, " * 20_000 + "1]", "more than 10000 values"),
        (HEAD + "    max_rate: 5\0.0\n", "is no YAML"),
        (HEAD + "\tmax_rate: 5.0\n", "line 3 is no YAML"),
        (HEAD + "    max_rate: [5.0\n", "is no YAML"),
        (b"\xff\xfe\xff\xff\xff", "is no YAML"),
        ("max_rate: 5.0\n", "'max_rate' is below no 'ros__parameters'"),
        ("hello world\n", "line 1: no mapping of nodes to their parameters"),
        ("- a\n- b\n", "line 1: a list holds values only"),
        ("[a, b]: {ros__parameters: {c: 1}}", "line 1: a key is no text"),
        (HEAD + "    x: [{a: 1}]\n", "line 3: a list holds values only"),
        ("x" * 2**21, "is too large"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_line(tmp_path, monkeypatch, text, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ParameterFileError) as raised:
        read(tmp_path, text)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 500
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "device"])
def test_only_regular_files_are_read(tmp_path, kind):
    path = tmp_path / "it"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    with pytest.raises(ParameterFileError, match=path.name):
        read_parameter_file(path)


def test_what_is_there_twice_is_noted_and_the_last_one_holds(tmp_path):
    file = read(tmp_path, HEAD + "    max_rate: 5.0\n    tf_timeout: 0.2\n    max_rate: 6.0\n")
    assert file.sections["/**"]["max_rate"] == "6.0"
    (note,) = file.notes
    assert "line 5: 'max_rate' is there twice" in note


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "/**: {ros__parameters: {}}", "---\n"])
def test_a_file_without_parameters_is_noted(tmp_path, text):
    assert "sets no parameters" in read(tmp_path, text).notes[0]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text("{}[]&*!:- \n#ab'\"|>%@`", max_size=60)))
def test_no_text_breaks_the_reader(tmp_path, text):
    try:
        read(tmp_path, text if isinstance(text, bytes) else HEAD + text)
    except ParameterFileError as error:
        assert str(error).isprintable()
