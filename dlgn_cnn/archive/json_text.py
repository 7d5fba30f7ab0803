"""JSON of an archive, counted before it is parsed: two bytes of it can become a hundred of memory."""

import json
from typing import Any

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import ArchiveError


def parse(text: bytes, where: str) -> Any:
    """The value of a JSON text.

    Parameters
    ----------
    text : bytes
        The text.
    where : str
        How errors name it.

    Returns
    -------
    object
        The value.

    Raises
    ------
    ArchiveError
        For more values than the bound, and for a text that is no JSON.
    """
    check("archive.elements", sum(map(text.count, (b",", b"[", b"{"))), where, error=ArchiveError)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{where} is not JSON ({error})") from error
