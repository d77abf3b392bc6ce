"""Errors quote what came from outside; nothing in them reaches a terminal as it came."""

import pickle

import pytest

from humans4d_core import errors

KINDS = [value for value in vars(errors).values() if isinstance(value, type)]


@pytest.mark.parametrize("kind", [k for k in KINDS if issubclass(k, errors.Humans4dError)])
def test_a_message_is_one_printable_line_of_bounded_length(kind):
    text = str(kind("a\x1b[2J\nb\u202e\udcff" + "x" * 10**6 + " end: do this"))
    assert text.isprintable() and len(text) <= 1500
    assert text.startswith("a\\x1b[2J\\nb") and text.endswith("end: do this")
    assert str(pickle.loads(pickle.dumps(kind("a\nb")))) == "a\\nb"
