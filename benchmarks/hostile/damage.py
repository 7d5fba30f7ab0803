"""Damage and hostility that all kinds of inputs share: of bytes, of values in a tree, and of arrays."""

import copy
import random
import re
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

NUMBERS = (0, 1, -1, 2, 255, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64, 10**30, 10**400)
FLOATS = (float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, 0.5, -0.0)


def words(text: str) -> tuple[str, ...]:
    """The words of a text."""
    return tuple(text.split())


def texts(watch: Any) -> list[str]:
    """Texts that lead elsewhere, end a statement, or are no text."""
    out, url = watch.outside, f"http://{watch.address}/x"
    return [
        "", " ", ".", "..", "\0", "\n", "\ud800", "\u202e", "\x1b[31m", "ä" * 40, "a" * 300, "a" * 100_000, "nan",
        "null", "1e999", "9" * 400, "9" * 5000, "[" * 3000, "{" * 3000, "%s", "%(a)s", "{0.__class__}", "${HOME}",
        "~", "~no/x", f"{out}/secret.txt", "../outside/secret.txt", f"file://{out}/secret.txt", url,
        f"s3://x@{watch.address}/x", f"$(touch {watch.ran})", f"`touch {watch.ran}`", f"; touch {watch.ran}",
        f"| touch {watch.ran}", "/etc/passwd", "' OR '1'='1", "'; DROP SCHEMA public; --", "x') UNION SELECT 1 --",
        f"x' INTO OUTFILE '{watch.ran}", "`", '"', "\\", "/* x", "os.system", "subprocess.Popen", "builtins.eval",
        "canary.mark", "dlgn_cnn.registry.allow", "all", "schemas.open_database", "dlgn_cnn.load", "torch.load",
        "importlib.import_module", "<script>alert(1)</script>",
    ]  # fmt: skip


def odd(draw: random.Random, watch: Any, depth: int = 0) -> Any:
    """A value where another one is expected."""
    way = draw.randrange(8 if depth < 2 else 4)
    if way < 2:
        return draw.choice(texts(watch))
    if way < 4:
        return draw.choice((*NUMBERS, *FLOATS, None, True, False))
    if way == 4:
        return draw.choice(([], {}, [[]], [{}], {"": 0}, [0] * 2000))
    if way == 5:
        deep: Any = 0
        for _ in range(draw.choice((5, 60, 150))):
            deep = [deep] if draw.random() < 0.5 else {"a": deep}
        return deep
    if way == 6:
        call = {"args": ["touch", str(watch.ran)]}
        path = draw.choice(("subprocess.Popen", "os.system", "canary.mark", "dlgn_cnn.load", "builtins.exec"))
        return draw.choice(({"path": path, "kwargs": call}, {"name": path, **call}, {"fn": path, "config": call}))
    return [odd(draw, watch, depth + 1) for _ in range(draw.randrange(4))]


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every key and index within lists and mappings."""
    found, pending = [], [tree]
    while pending:
        one = pending.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            pending.append(one[key])
    return found


def edited(tree: Any, draw: random.Random, watch: Any) -> Any:
    """A copy of a tree of values with one to three of them replaced, left out, doubled, renamed or exchanged."""
    top = [copy.deepcopy(tree)]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        choices = places(top)
        (one, key), (other, another) = draw.choice(choices), draw.choice(choices)
        way = draw.randrange(8)
        if way == 0 and one is not top:
            del one[key]
        elif way == 1:
            one[key] = [one[key]] * draw.choice((1, 2, 3))
        elif way == 2:
            one[key] = copy.deepcopy(other[another])
        elif way == 3 and isinstance(one, dict):
            one[draw.choice(texts(watch)) if draw.random() < 0.5 else f"{key}x"] = one.pop(key)
        elif way == 4 and isinstance(one[key], list):
            one[key].append(odd(draw, watch))
        elif way == 5 and isinstance(one[key], str):
            one[key] += draw.choice(texts(watch))
        else:
            one[key] = odd(draw, watch)
    return top[0]


def array(sound: np.ndarray, draw: random.Random) -> np.ndarray:
    """An array of another shape, type or with another value."""
    flat, way = sound.ravel(), draw.randrange(9)
    if way == 0:
        return draw.choice(
            (sound.T, sound[..., None], flat, sound[:0] if sound.ndim else flat[:0], np.array(sound, ndmin=5))
        )
    if way == 1:
        with np.errstate(all="ignore"):
            kind = draw.choice(("O", "S3", "U2", "f2", "f8", "c16", "u8", "i8", "i1", "?", ">f4"))
            try:
                return sound.astype(kind)
            except (ValueError, TypeError):
                return np.array(["x"])
    if way == 2:
        return draw.choice(
            (np.empty(0), np.array(3), np.array("x"), np.array([[[[1.5]]]]), np.array(None), np.zeros((0, 3)))
        )
    if way in (3, 4) and sound.ndim:
        return draw.choice((sound[::-1], np.concatenate([sound, sound]), sound[:1], sound[..., :-1], np.roll(sound, 1)))
    if not flat.size:
        return np.ones(3)
    if sound.dtype.kind not in "iuf":
        flat = flat.astype(object)
        flat[draw.randrange(flat.size)] = draw.choice(("", "x" * 500, "a/b", "\n", 3, None, "🐭"))
        return flat.astype(str).reshape(sound.shape)
    value = draw.choice((*FLOATS, *NUMBERS[:12], -5.5, 1e12))
    changed = flat.astype(draw.choice((np.float64, np.float64, np.float32, np.int64)))
    with np.errstate(all="ignore"):
        try:
            changed[slice(None) if draw.random() < 0.2 else draw.randrange(flat.size)] = value
        except (OverflowError, ValueError):
            changed = changed.astype(object)
    return changed.reshape(sound.shape)


def damaged(data: bytes, draw: random.Random, marks: Sequence[bytes] = ()) -> bytes:
    """One to three changes of bits, bytes, sizes, numbers in text and pieces, half of them where headers are.

    Parameters
    ----------
    data : bytes
        A sound file.
    draw : Random
        Where the changes come from.
    marks : sequence of bytes
        How headers begin in this format.
    """
    changed = bytearray(data)
    headers = [one.start() for mark in marks for one in re.finditer(re.escape(mark), data)]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        at = draw.randrange(max(1, len(changed)))
        if headers and draw.random() < 0.6:
            at = min(draw.choice(headers) + draw.randrange(64), len(changed) - 1)
        _change(changed, max(0, at), draw)
    return bytes(changed)


def _change(changed: bytearray, at: int, draw: random.Random) -> None:
    way, other = draw.randrange(9), draw.randrange(max(1, len(changed)))
    end = at + draw.choice((1, 1, 2, 8, 64, 1000))
    if way == 0:
        changed[at : at + 1] = bytes([(changed[at] if changed else 0) ^ 1 << draw.randrange(8)])
    elif way == 1:
        changed[at : at + 1] = bytes([draw.randrange(256)])
    elif way in (2, 3):
        size = draw.choice(("<H", "<I", "<Q", ">H", ">I", ">Q"))
        width = struct.calcsize(size)
        changed[at : at + width] = struct.pack(size, draw.choice(NUMBERS[:12]) & (2 ** (8 * width) - 1))
    elif way == 4:
        digits = [one.span() for one in re.finditer(rb"\d+", changed[at : at + 2000])][:50]
        start, stop = draw.choice(digits or [(0, 1)])
        changed[at + start : at + stop] = str(draw.choice(NUMBERS)).encode()
    elif way == 5:
        del changed[at:end]
    elif way == 6:
        changed[other:other] = changed[at:end]
    elif way == 7:
        changed[at:end] = changed[other : other + end - at]
    elif draw.random() < 0.3:
        del changed[at:]
    else:
        changed[at:end] = draw.choice((b"\0", b"\xff")) * (end - at)
