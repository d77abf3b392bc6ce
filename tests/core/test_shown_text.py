"""What comes from outside is shown on one line, in bounds, and obeyed by no terminal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humans4d_core.shown_text import shown

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    "\x1b[2J\n\u202e\ud800é人", max_size=900
)


@given(ANY_TEXT, st.integers(20, 300))
def test_any_text_is_printable_bounded_and_stays_as_it_is_when_shown_again(text, limit):
    result = shown(text, limit)
    assert result.isprintable() and len(result) <= limit
    assert shown(result, limit) == result
    result.encode("utf-8")


@given(st.binary(max_size=3000))
def test_any_bytes_are_shown(raw):
    result = shown(raw)
    assert result.isprintable() and len(result) <= 200


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/camera/image", "/camera/image"),
        ("Käse 人.mp4", "Käse 人.mp4"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\n[FATAL] stop", "a\\n[FATAL] stop"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("\udcff.png", "\\udcff.png"),
        ("\x9b31m", "\\x9b31m"),
        (b"\xffab", "\\xffab"),
        (17, "17"),
    ],
)
def test_what_a_terminal_would_obey_becomes_its_escape(text, expected):
    assert shown(text) == expected


def test_a_long_text_keeps_its_beginning_and_its_end():
    result = shown("/data/" + "x" * 10**6 + ".mp4", 60)
    assert result.startswith("/data/x") and result.endswith("x.mp4") and len(result) == 60


def test_lone_surrogates_stay_out_of_json_that_others_read():
    assert json.loads(json.dumps(shown("\ud800"))) == "\\ud800"
