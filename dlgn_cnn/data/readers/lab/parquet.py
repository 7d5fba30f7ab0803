"""What a Parquet file unfolds to, asked of it before it is read: a value repeated a million times takes a few bytes.

Arrow ends the process over some damaged descriptions of columns, so a process of its own reads those.
"""

from pathlib import Path
from typing import Any

from dlgn_cnn.bounds import check
from dlgn_cnn.errors import RecordingError
from dlgn_cnn.runtime.answering import Answers
from dlgn_cnn.runtime.watched import Crashed, Undecoded, Watched
from dlgn_cnn.storage.rights import require_readable

CODE = """
from dlgn_cnn.data.readers.lab.parquet import answer
from dlgn_cnn.runtime.answering import serve
serve(answer)
"""


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
