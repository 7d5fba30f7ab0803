"""Machine for the opcodes of a pickle that builds plain values and its own records, and never calls anything.

A pickle is a program. Here a name stays a name and a call stays a record of what would have been called, so a file
can make nothing but lists, tuples, dicts, numbers and text. What the records mean is decided elsewhere, after checks.
"""

from __future__ import annotations

import pickle
import re
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

from dlgn_cnn.bounds import check, limit
from dlgn_cnn.errors import RecordingError

_BATCH = 65536  # opcodes between two looks at the clock
_LONGEST_WHOLE_NUMBER = 8  # bytes
_KEYS = (str, int, float, bool, type(None))
_FLOAT, _FOUR = struct.Struct(">d").unpack_from, struct.Struct("<I").unpack_from
_WHOLE = re.compile(rb"-?\d{1,20}L?")


class DamagedPickleError(Exception):
    """The bytes are not those of a whole pickle."""


class Name:
    """What a pickle asks for by module and name, by our word for it."""

    __slots__ = ("word",)

    def __init__(self, word: str):
        self.word = word


class Call:
    """Record of a call that was not made: our word for the function, its arguments and the state set afterwards."""

    __slots__ = ("arguments", "state", "word")

    def __init__(self, word: str, arguments: tuple[Any, ...]):
        self.word, self.arguments = word, arguments
        self.state: Any = None


def brief(value: object) -> str:
    """A value from the file, short and on one line, for an error."""
    text = value.word if isinstance(value, Name | Call) else repr(value) if isinstance(value, str | int) else ""
    text = text or f"a {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


def run(data: bytes, names: Mapping[tuple[str, str], str]) -> Any:
    """Carry out a pickle of protocol 0 to 5 and return what it builds.

    Parameters
    ----------
    data : bytes
        The pickle.
    names : mapping of (module, name) to str
        Names that may be asked for, and our word for each.

    Returns
    -------
    object
        Plain values, ``Name`` and ``Call``. Bytes are views of ``data``, not copies.

    Raises
    ------
    RecordingError
        For another name, an opcode that no frame needs, or a bound.
    DamagedPickleError
        If the bytes end early or contradict themselves.
    """
    machine = _Machine(data, names)
    try:
        return machine.run()
    except RecordingError:  # a ValueError too
        raise
    except (IndexError, KeyError, ValueError, TypeError, struct.error) as error:
        reason = "cut short" if machine.at >= len(data) else f"byte {machine.at} makes no sense"
        raise DamagedPickleError(reason) from error


class _Machine:
    def __init__(self, data: bytes, names: Mapping[tuple[str, str], str]):
        self.data, self.view, self.at = data, memoryview(data), 0
        self.names = {name: Name(word) for name, word in names.items()}
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        data, steps, began, most = self.data, _STEPS, time.monotonic(), limit("pickle.opcodes")
        for done in range(0, most, _BATCH):
            check("pickle.seconds", time.monotonic() - began)
            check("pickle.remembered", len(self.memo))
            for _ in range(min(_BATCH, most - done)):
                opcode = data[self.at]
                self.at += 1
                if opcode == 46:  # STOP
                    return self.stack.pop()
                steps[opcode](self)
        return check("pickle.opcodes", most + 1)

    def take(self, size: int) -> memoryview:
        """The next ``size`` bytes. Raises DamagedPickleError if there are fewer."""
        start, self.at = self.at, self.at + size
        if self.at > len(self.data):
            raise DamagedPickleError(f"cut short: {size} bytes expected at byte {start}")
        return self.view[start : self.at]

    def counted(self, width: int) -> memoryview:
        """Bytes that are preceded by their number, in ``width`` bytes."""
        return self.take(int.from_bytes(self.take(width), "little"))

    def line(self) -> bytes:
        start, self.at = self.at, self.data.index(b"\n", self.at) + 1
        return self.data[start : self.at - 1]

    def refuse(self) -> None:
        opcode = self.data[self.at - 1]
        if opcode not in _KNOWN_OPCODES:
            raise DamagedPickleError(f"byte {self.at - 1} is not an opcode")
        raise RecordingError(
            f"it uses the pickle opcode {_KNOWN_OPCODES[opcode]}, which no frame needs: save the frame again"
        )

    def protocol(self) -> None:
        if self.take(1)[0] > 5:
            raise DamagedPickleError(f"protocol {self.data[1]}, expected 0 to 5")

    def frame(self) -> None:
        if int.from_bytes(self.take(8), "little") > len(self.data) - self.at:
            raise DamagedPickleError("cut short")

    def text(self, width: int) -> None:
        self.stack.append(str(self.counted(width), "utf-8", "surrogatepass"))

    def whole(self, raw: memoryview | bytes) -> None:
        if len(raw) > _LONGEST_WHOLE_NUMBER + 1:
            raise RecordingError(f"it has a whole number of {len(raw)} bytes, expected {_LONGEST_WHOLE_NUMBER} at most")
        self.stack.append(int.from_bytes(raw, "little", signed=True))

    def whole_line(self) -> None:
        line = self.line()
        if _WHOLE.fullmatch(line) is None:
            raise DamagedPickleError("a whole number of protocol 0 is not one")
        self.stack.append(line == b"01" if line in (b"00", b"01") else int(line.rstrip(b"L")))

    def float_line(self) -> None:
        self.stack.append(float(self.line()[:64]))

    def binary_float(self) -> None:
        self.stack.append(_FLOAT(self.data, self.at)[0])
        self.at += 8

    def mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def put_back(self, made: Any) -> None:
        self.stack.append(made)

    def pop(self) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def tuple_of(self, size: int) -> None:
        items = tuple(self.stack[-size:])
        if len(items) < size:
            raise DamagedPickleError("a tuple lacks values")
        self.stack[-size:] = [items]

    def append_all(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise RecordingError(f"appending to {brief(self.stack[-1])} is refused: expected a list")
        self.stack[-1].extend(items)

    def set_all(self, items: list[Any]) -> None:
        found = self.stack[-1]
        if type(found) is not dict or len(items) % 2:
            raise RecordingError(f"setting items of {brief(found)} is refused: expected pairs for a dict")
        for key in items[::2]:
            if type(key) not in _KEYS:
                raise RecordingError(f"a dict with the key {brief(key)} is refused: expected text or a number")
        found.update(zip(items[::2], items[1::2], strict=True))

    def dict_of(self, items: list[Any]) -> None:
        self.stack.append({})
        self.set_all(items)

    def named(self, module: Any, name: Any) -> None:
        if type(module) is not str or type(name) is not str:
            raise DamagedPickleError("a name is not text")
        found = self.names.get((module, name))
        if found is None:
            raise RecordingError(
                f"it asks for {brief(module)[1:-1]}.{brief(name)[1:-1]}, which is not on the list of safe names: save "
                "the frame again with numbers, strings, lists and numpy arrays only, or as Parquet"
            )
        self.stack.append(found)

    def named_line(self) -> None:
        module = self.line().decode()
        self.named(module, self.line().decode())

    def named_stack(self) -> None:
        name = self.stack.pop()
        self.named(self.stack.pop(), name)

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if type(function) is not Name or type(arguments) is not tuple:
            raise RecordingError(f"calling {brief(function)} is refused: expected a name of pandas or numpy")
        word = function.word
        if word == "reconstructor":  # how protocols 0 and 1 write a new instance
            if len(arguments) != 3 or not all(type(each) is Name for each in arguments[:2]) or arguments[2] is not None:
                raise RecordingError("an instance made from another than object is refused: save the frame again")
            word, arguments = arguments[0].word, ()
        self.stack.append(Call(word, arguments))

    def build(self) -> None:
        state = self.stack.pop()
        found = self.stack[-1]
        if type(found) is not Call:
            raise RecordingError(f"setting the state of {brief(found)} is refused: save the frame again")
        if found.state is not None:
            raise RecordingError(f"setting the state of {brief(found)} twice is refused: save the frame again")
        found.state = state

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def remember(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, index: int) -> None:
        self.stack.append(self.memo[index])

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "little")

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def four(self) -> int:
        self.at += 4
        return _FOUR(self.data, self.at - 4)[0]

    def short_bytes(self) -> None:
        end = self.at + 1 + self.data[self.at]
        if end > len(self.data):
            raise DamagedPickleError(f"cut short at byte {self.at}")
        self.stack.append(self.view[self.at + 1 : end])
        self.at = end

    def index_line(self) -> int:
        line = self.line()
        if _WHOLE.fullmatch(line) is None:
            raise DamagedPickleError("a place in the memo is not a number")
        return int(line)


_KNOWN_OPCODES = {
    value[0]: name
    for name, value in vars(pickle).items()
    if name.isupper() and type(value) is bytes and len(value) == 1
}
_Step = Callable[[_Machine], None]
_NAMED_STEPS: dict[str, _Step] = {
    "PROTO": _Machine.protocol,
    "FRAME": _Machine.frame,
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": lambda m: m.since_mark().clear(),
    "DUP": lambda m: m.stack.append(m.stack[-1]),
    "NONE": lambda m: m.stack.append(None),
    "NEWTRUE": lambda m: m.stack.append(True),
    "NEWFALSE": lambda m: m.stack.append(False),
    "INT": _Machine.whole_line,
    "LONG": _Machine.whole_line,
    "BININT": lambda m: m.whole(m.take(4)),
    "BININT1": lambda m: m.stack.append(m.byte()),
    "BININT2": lambda m: m.stack.append(m.number(2)),
    "LONG1": lambda m: m.whole(m.counted(1)),
    "LONG4": lambda m: m.whole(m.counted(4)),
    "FLOAT": _Machine.float_line,
    "BINFLOAT": _Machine.binary_float,
    "UNICODE": lambda m: m.stack.append(str(m.line(), "raw-unicode-escape")),
    "BINUNICODE": lambda m: m.text(4),
    "SHORT_BINUNICODE": lambda m: m.text(1),
    "BINUNICODE8": lambda m: m.text(8),
    "BINBYTES": lambda m: m.stack.append(m.counted(4)),
    "SHORT_BINBYTES": _Machine.short_bytes,
    "BINBYTES8": lambda m: m.stack.append(m.counted(8)),
    "BYTEARRAY8": lambda m: m.stack.append(m.counted(8)),
    "EMPTY_LIST": lambda m: m.stack.append([]),
    "EMPTY_TUPLE": lambda m: m.stack.append(()),
    "EMPTY_DICT": lambda m: m.stack.append({}),
    "DICT": lambda m: m.dict_of(m.since_mark()),
    "LIST": lambda m: m.put_back(m.since_mark()),
    "TUPLE": lambda m: m.put_back(tuple(m.since_mark())),
    "TUPLE1": lambda m: m.tuple_of(1),
    "TUPLE2": lambda m: m.tuple_of(2),
    "TUPLE3": lambda m: m.tuple_of(3),
    "APPEND": lambda m: m.append_all([m.stack.pop()]),
    "APPENDS": lambda m: m.append_all(m.since_mark()),
    "SETITEM": lambda m: m.set_all([m.stack.pop(-2), m.stack.pop()]),
    "SETITEMS": lambda m: m.set_all(m.since_mark()),
    "GLOBAL": _Machine.named_line,
    "STACK_GLOBAL": _Machine.named_stack,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "BUILD": _Machine.build,
    "PUT": lambda m: m.put(m.index_line()),
    "BINPUT": lambda m: m.put(m.byte()),
    "LONG_BINPUT": lambda m: m.put(m.four()),
    "MEMOIZE": _Machine.remember,
    "GET": lambda m: m.get(m.index_line()),
    "BINGET": lambda m: m.get(m.byte()),
    "LONG_BINGET": lambda m: m.get(m.four()),
}
_STEPS: list[_Step] = [_Machine.refuse] * 256
for _name, _step in _NAMED_STEPS.items():
    _STEPS[getattr(pickle, _name)[0]] = _step
