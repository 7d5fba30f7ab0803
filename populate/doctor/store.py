"""The store: whether a file that is written reads back, and free space."""

import contextlib
import os
import shutil
from collections.abc import Iterator

from dlgn_cnn.errors import StoreError
from dlgn_cnn.storage.object_store import ObjectStore
from dlgn_cnn.storage.rights import present, refusal
from populate.doctor.examine import FAIL, OK, CheckResult, space
from schemas.connection.settings import Settings

FOLDER = "doctor"
CONTENT = bytes(range(256)) * 256


def check() -> Iterator[CheckResult]:
    """The place of arrays and weights, and that of datasets where it is another."""
    settings = Settings.from_environment()
    place = settings.store_url or str(settings.store)
    yield _written_and_read("store", place, settings.below(FOLDER), "DLGN_STORE")
    if settings.store_url is None and present(settings.store):
        yield space("store", shutil.disk_usage(settings.store).free, place)
    if settings.datasets_url not in (None, settings.store_url):
        objects = ObjectStore(f"{settings.datasets_url}/{FOLDER}", settings.cache / FOLDER)
        yield _written_and_read("datasets", str(settings.datasets_url), objects, "DLGN_DATASETS")


def _written_and_read(subject: str, place: str, objects: ObjectStore, setting: str) -> CheckResult:
    name = f"check-{os.getpid()}"
    try:
        objects.write(name, CONTENT)
        same = objects.read(name) == CONTENT
        objects.delete(name)
        if objects.local is not None:
            with contextlib.suppress(OSError):  # another doctor's file is in it
                objects.local.rmdir()
    except (OSError, StoreError) as error:
        denied = isinstance(error, PermissionError) and error.filename
        said = refusal(str(denied)) if denied else " ".join(str(error).split())
        advice = f"correct {setting}, its rights or its keys; for s3://, AWS_ENDPOINT_URL and pip install '.[s3]'"
        return CheckResult(FAIL, subject, said, advice)
    if not same:
        return CheckResult(
            FAIL, subject, f"{place} returned other bytes than were written", "check the disk or the server"
        )
    return CheckResult(OK, subject, f"{place} is written and read back")
