"""How long a video file says it is: a copy that was cut short still opens, and would pass for a shorter movie."""

import struct
from pathlib import Path
from typing import BinaryIO

_UNKNOWN_LENGTHS = (0, 0xFFFFFFFF)


def declared_bytes(path: Path) -> int | None:
    """Bytes that the outermost chunks of an AVI or MP4 file announce; None where the format announces none."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] == b"RIFF" and len(head) >= 8:
            length = struct.unpack("<I", head[4:8])[0]
            return None if length in _UNKNOWN_LENGTHS else 8 + int(length)
        return _boxes_end(file) if head[4:8] == b"ftyp" else None


def _boxes_end(file: BinaryIO) -> int | None:
    """End of the last top-level box (ISO/IEC 14496-12): 32-bit length, or 1 and a 64-bit one; 0 runs to the end."""
    start, size = 0, file.seek(0, 2)
    while start + 8 <= size:
        file.seek(start)
        head = file.read(16)
        length = int(struct.unpack(">I", head[:4])[0])
        if length == 1 and len(head) == 16:
            length = int(struct.unpack(">Q", head[8:])[0])
        if length < 8:
            return None
        start += length
    return start
