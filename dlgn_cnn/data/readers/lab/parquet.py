"""What a Parquet file unfolds to, asked of it before it is read: a value repeated a million times takes a few bytes.

Arrow ends the process over some damaged descriptions of columns, so a process of its own reads those.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import DlgnError, RecordingError
from dlgn_cnn.runtime.answering import Answers
from dlgn_cnn.runtime.watched import Crashed, Undecoded, Watched
from dlgn_cnn.storage.rights import raise_if_forbidden, require_readable

if TYPE_CHECKING:
    import pandas as pd

CODE = """
from dlgn_cnn.data.readers.lab.parquet import answer
from dlgn_cnn.runtime.answering import serve
serve(answer)
"""


def read_frame(path: Path, texts: Sequence[str] = ()) -> pd.DataFrame:
    """The table of a Parquet file, once it is known to be within bounds.

    Parameters
    ----------
    path : Path
        The file.
    texts : sequence of str, default ()
        Columns to hold as Python's texts, those of them that there are.

    Returns
    -------
    DataFrame
        The table.

    Raises
    ------
    RecordingError
        If it is damaged or beyond bounds.
    """
    import pandas as pd

    try:
        require_bounded(path)
        frame = pd.read_parquet(path, engine="pyarrow")
        return frame.astype({name: object for name in texts if name in frame})  # fails for what is not UTF-8
    except DlgnError:
        raise
    except Exception as error:  # damaged metadata raise whatever pandas stumbles over
        raise_if_forbidden(error, path)
        raise RecordingError(f"{path} is not a Parquet file that can be read ({error}): export it again") from error


def require_bounded(path: Path) -> None:
    """Raise RecordingError for a Parquet file that holds more than its size allows, and for a damaged one."""
    require_readable(path)
    size, child = path.stat().st_size, Watched(CODE, "parquet")
    try:
        child.begin(str(path.absolute()), size)
        said = child.words()
        values, unpacked = int(said["values"]), int(said["unpacked"])
    except Undecoded as error:
        raise RecordingError(f"{path} is not a Parquet file that can be read ({error}): export it again") from error
    except (Crashed, ValueError, KeyError, TypeError):
        raise RecordingError(f"{path} is a damaged Parquet file: export it again") from None
    finally:
        child.end()
    check("parquet.values", values, path, size)
    check("parquet.unpacked", unpacked, path, size)


def answer(answers: Answers, request: dict[str, Any]) -> None:
    """Say how many values and bytes all columns of the file have."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(request["place"]) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    unpacked = sum(column.total_uncompressed_size for column in columns)
    answers.say(values=sum(column.num_values for column in columns), unpacked=unpacked)
