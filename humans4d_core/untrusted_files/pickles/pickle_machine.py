"""Pickle's stack machine, written for data: no instruction imports, calls or assigns what it names.

Opcodes: Python's `pickletools` documents them; protocols 0 to 5, of Python 2 and 3.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable
from typing import Any

from .pickle_objects import (
    Global,
    Inert,
    Malformed,
    Pending,
    Refused,
    build,
    call,
    fill,
    items_of,
    weigh,
)

#: More than any body file or checkpoint needs; a file of that many objects is a memory bomb.
_MAX_OPCODES = 1_000_000
_MAX_LINE = 4096
#: Rebuilding copies a value about twice. A file that wants the same one again and again is a bomb.
_COPIES = 16
_MARK = object()


class PickleMachine:
    """The machine of one pickle. inert: whether foreign names are kept as Inert records."""

    def __init__(self, data: bytes, inert: bool):
        self.data = data
        self.position = 0
        self.inert = inert
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.copies_left = _COPIES * len(data) + _MAX_LINE

    def run(self) -> Any:
        for _ in range(_MAX_OPCODES):
            opcode = self.take(1)
            if opcode == b".":
                return self.pop()
            action = _ACTIONS.get(opcode)
            if action is None:
                raise Malformed(f"no such opcode {opcode!r} at byte {self.position - 1}")
            action(self)
        raise Malformed(f"more than {_MAX_OPCODES} instructions")

    # Bytes of the file

    def take(self, count: int) -> bytes:
        end = self.position + count
        if count < 0 or end > len(self.data):
            raise Malformed(f"it ends at byte {len(self.data)} in the middle of a value")
        chunk = self.data[self.position : end]
        self.position = end
        return chunk

    def line(self, limit: int | None = _MAX_LINE) -> bytes:
        end = self.data.find(b"\n", self.position)
        if end < 0 or (limit is not None and end - self.position > limit):
            raise Malformed(f"no end of the line at byte {self.position}")
        text = self.data[self.position : end]
        self.position = end + 1
        return text

    def number(self, fmt: str) -> Any:
        return struct.unpack(fmt, self.take(struct.calcsize(fmt)))[0]

    # The stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        value = self.stack.pop()
        if value is _MARK:
            raise Malformed("a mark where a value belongs")
        return value

    def top(self) -> Any:
        value = self.pop()
        self.push(value)
        return value

    def pop_to_mark(self) -> list[Any]:
        """The values above the last mark, which goes too."""
        values = []
        while (value := self.stack.pop()) is not _MARK:
            values.append(value)
        values.reverse()
        return values

    def tuple_of(self, count: int) -> None:
        self.push(tuple(reversed([self.pop() for _ in range(count)])))

    # Names, calls and states

    def named(self, module: str, name: str) -> None:
        self.push(Global.of(module, name, self.inert))

    def stack_global(self) -> None:
        name, module = self.pop(), self.pop()
        if not isinstance(module, str) or not isinstance(name, str):
            raise Malformed("a name that is not text")
        self.named(module, name)

    def make(self, function: Any, arguments: Any) -> None:
        self.spend(arguments)
        self.push(call(function, arguments))

    def spend(self, value: Any) -> None:
        self.copies_left -= weigh(value)
        if self.copies_left < 0:
            raise Malformed("it unfolds to far more than its own size")

    def reduce(self) -> None:
        arguments, function = self.pop(), self.pop()
        self.make(function, arguments)

    def new_object(self, keywords: bool = False) -> None:
        if keywords and self.pop():
            raise Malformed("an object made with keywords")
        arguments, cls = self.pop(), self.pop()
        self.make(cls, arguments)

    def old_object(self) -> None:
        cls, *arguments = self.pop_to_mark()
        self.make(cls, tuple(arguments))

    def old_instance(self) -> None:
        module, name = self.line().decode("utf-8"), self.line().decode("utf-8")
        self.make(Global.of(module, name, self.inert), tuple(self.pop_to_mark()))

    def set_state(self) -> None:
        state, target = self.pop(), self.pop()
        self.spend(state)
        result = build(target, state)
        if isinstance(target, Pending):
            # Its raw bytes arrived: whoever remembers the promise gets the array.
            for key in target.memo_keys:
                self.memo[key] = result
        self.push(result)

    def persistent(self, identity: Any) -> None:
        if not self.inert:
            raise Refused("it refers to objects outside the file")
        self.push(Inert("persistent id", (identity,)))

    def extension(self, fmt: str) -> None:
        raise Refused(f"it names extension {self.number(fmt)} of a private registry")

    def external_buffer(self) -> None:
        raise Refused("it refers to buffers outside the file")

    # Containers

    def append(self) -> None:
        value = self.pop()
        items_of(self.top(), list).append(value)

    def extend(self) -> None:
        values = self.pop_to_mark()
        items_of(self.top(), list).extend(values)

    def set_item(self) -> None:
        value, key = self.pop(), self.pop()
        fill(items_of(self.top(), dict), [key, value])

    def set_items(self) -> None:
        pairs = self.pop_to_mark()
        fill(items_of(self.top(), dict), pairs)

    def make_dict(self) -> None:
        self.push(fill({}, self.pop_to_mark()))

    def add_items(self) -> None:
        values = self.pop_to_mark()
        target = self.top()
        if not isinstance(target, set):
            raise Malformed("elements of something that is not a set")
        target.update(fill({}, [x for value in values for x in (value, None)]))

    def frozen_set(self) -> None:
        self.push(frozenset(fill({}, [x for value in self.pop_to_mark() for x in (value, None)])))

    # Memo

    def remember(self, key: int) -> None:
        value = self.top()
        if isinstance(value, Pending):
            value.memo_keys.append(key)
        self.memo[key] = value

    def recall(self, key: int) -> None:
        self.push(self.memo[key])

    # Texts and numbers

    def quoted(self) -> None:
        """Protocol 0's bytes of Python 2, quoted and escaped, as latin-1 text."""
        text = self.line(limit=None).strip()
        if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
            raise Malformed("a text without quotes")
        self.push(codecs.escape_decode(text[1:-1])[0].decode("latin-1"))

    def integer_line(self) -> None:
        text = self.line()
        self.push({b"00": False, b"01": True}[text] if text in (b"00", b"01") else int(text))

    def utf8(self, fmt: str) -> None:
        self.push(self.take(self.number(fmt)).decode("utf-8", "surrogatepass"))

    def latin1(self, fmt: str) -> None:
        self.push(self.take(self.number(fmt)).decode("latin-1"))

    def raw(self, fmt: str) -> None:
        self.push(self.take(self.number(fmt)))

    def long(self, fmt: str) -> None:
        self.push(int.from_bytes(self.take(self.number(fmt)), "little", signed=True))


def _skip(machine: PickleMachine, count: int) -> None:
    machine.take(count)


_ACTIONS: dict[bytes, Callable[[PickleMachine], Any]] = {
    # Protocol and frames: only headers here, the whole file is in memory.
    b"\x80": lambda m: _skip(m, 1),
    b"\x95": lambda m: _skip(m, 8),
    # Marks, memo
    b"(": lambda m: m.push(_MARK),
    b"0": lambda m: m.stack.pop(),
    b"1": lambda m: m.pop_to_mark(),
    b"2": lambda m: m.push(m.top()),
    b"p": lambda m: m.remember(int(m.line())),
    b"q": lambda m: m.remember(m.number("<B")),
    b"r": lambda m: m.remember(m.number("<I")),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"g": lambda m: m.recall(int(m.line())),
    b"h": lambda m: m.recall(m.number("<B")),
    b"j": lambda m: m.recall(m.number("<I")),
    # Constants and numbers
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"I": PickleMachine.integer_line,
    b"L": lambda m: m.push(int(m.line().rstrip(b"L"))),
    b"F": lambda m: m.push(float(m.line())),
    b"J": lambda m: m.push(m.number("<i")),
    b"K": lambda m: m.push(m.number("<B")),
    b"M": lambda m: m.push(m.number("<H")),
    b"G": lambda m: m.push(m.number(">d")),
    b"\x8a": lambda m: m.long("<B"),
    b"\x8b": lambda m: m.long("<i"),
    # Texts and bytes
    b"S": PickleMachine.quoted,
    b"T": lambda m: m.latin1("<i"),
    b"U": lambda m: m.latin1("<B"),
    b"V": lambda m: m.push(m.line(limit=None).decode("raw-unicode-escape")),
    b"X": lambda m: m.utf8("<I"),
    b"\x8c": lambda m: m.utf8("<B"),
    b"\x8d": lambda m: m.utf8("<Q"),
    b"B": lambda m: m.raw("<I"),
    b"C": lambda m: m.raw("<B"),
    b"\x8e": lambda m: m.raw("<Q"),
    b"\x96": lambda m: m.raw("<Q"),
    # Containers
    b")": lambda m: m.push(()),
    b"]": lambda m: m.push([]),
    b"}": lambda m: m.push({}),
    b"\x8f": lambda m: m.push(set()),
    b"t": lambda m: m.push(tuple(m.pop_to_mark())),
    b"l": lambda m: m.push(m.pop_to_mark()),
    b"d": PickleMachine.make_dict,
    b"\x85": lambda m: m.tuple_of(1),
    b"\x86": lambda m: m.tuple_of(2),
    b"\x87": lambda m: m.tuple_of(3),
    b"a": PickleMachine.append,
    b"e": PickleMachine.extend,
    b"s": PickleMachine.set_item,
    b"u": PickleMachine.set_items,
    b"\x90": PickleMachine.add_items,
    b"\x91": PickleMachine.frozen_set,
    # Names, calls, states
    b"c": lambda m: m.named(m.line().decode("utf-8"), m.line().decode("utf-8")),
    b"\x93": PickleMachine.stack_global,
    b"R": PickleMachine.reduce,
    b"\x81": PickleMachine.new_object,
    b"\x92": lambda m: m.new_object(keywords=True),
    b"o": PickleMachine.old_object,
    b"i": PickleMachine.old_instance,
    b"b": PickleMachine.set_state,
    b"P": lambda m: m.persistent(m.line().decode("utf-8")),
    b"Q": lambda m: m.persistent(m.pop()),
    b"\x82": lambda m: m.extension("<B"),
    b"\x83": lambda m: m.extension("<H"),
    b"\x84": lambda m: m.extension("<i"),
    b"\x97": PickleMachine.external_buffer,
    b"\x98": PickleMachine.external_buffer,
}
