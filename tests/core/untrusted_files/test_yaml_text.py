"""YAML becomes plain values, in bounds, and nothing else."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from humans4d_core.errors import InputFileError
from humans4d_core.untrusted_files import parse_yaml, read_yaml

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x17F), max_size=20)
)
KEYS = st.text(st.characters(categories=["L"], max_codepoint=0x17F), min_size=1, max_size=8)
VALUES = st.recursive(
    SCALARS, lambda v: st.lists(v, max_size=4) | st.dictionaries(KEYS, v, max_size=4), max_leaves=20
)


@settings(deadline=None)
@given(VALUES)
def test_what_a_yaml_writer_writes_is_read(value):
    from io import StringIO

    text, writer = StringIO(), YAML(typ="safe")
    # libyaml takes a question mark that it wrote inside of [] or {} for the begin of a key.
    writer.default_flow_style = False
    writer.dump({"value": value}, text)
    assert parse_yaml(text.getvalue(), "text") == {"value": value}


@given(
    st.binary(max_size=300) | st.text(max_size=300) | st.text("[]{}&*!<:?-, \n'\"ab1", max_size=60)
)
def test_any_bytes_give_a_value_or_one_sentence(text):
    try:
        parse_yaml(text, "text")
    except InputFileError as error:
        assert str(error).isprintable() and len(str(error)) < 500


def test_aliases_show_the_same_value_and_empty_texts_are_none():
    assert parse_yaml("a: &x [1, 2.5, no]\nb: *x", "text")["b"] == [1, 2.5, "no"]
    assert parse_yaml("", "text") is None
    assert math.isnan(parse_yaml("a: .nan", "text")["a"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("!!python/object/apply:os.system [x]", "tag .*nothing in it was run"),
        ("a: !custom 1", "uses the tag"),
        ("[" * 1000, "nested more than"),
        ("x: [" + "1," * 1500 + "]", "stands for more than"),
        ("&a [*a]", "which it lacks"),
        ("a: 1\na: 2", "repeats the key a"),
        ("a: {<<: {b: 1}}", "merges mappings"),
        ("? [a]\n: 1", "no text and no number"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("a: [\x1b[2J", "not valid YAML"),
    ],
)
def test_what_no_file_of_ours_needs_is_refused(monkeypatch, text, reason):
    monkeypatch.setattr("humans4d_core.untrusted_files.yaml_text.MAX_VALUES", 1000)
    with pytest.raises(InputFileError, match=reason):
        parse_yaml(text, "text")


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "a.yaml").open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(InputFileError, match="too large"):
        read_yaml(tmp_path / "a.yaml")
