"""What all tests share: where real data lie, and one database a run."""

import os
import shutil
import uuid
from pathlib import Path

# Before torch is imported, here and in the processes that tests start: models as small as these lose by two threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest

from dlgn_cnn.runtime.threads import wait_passively

wait_passively(os.environ)

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings next to the checkout."""
    if not SHARED.is_dir():
        pytest.skip("no real recordings next to the checkout (../shared/data)")
    return SHARED


@pytest.fixture(scope="module")
def s3():
    """URL of a bucket on an S3 server of this process, which the environment names."""
    import fsspec
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        bucket = f"dlgn-{uuid.uuid4().hex[:8]}"
        fsspec.filesystem("s3").mkdir(bucket)
        yield f"s3://{bucket}"
    fsspec.filesystem("s3").clear_instance_cache()
    server.stop()


@pytest.fixture(scope="module")
def database(served):
    """An empty database for the tests of one file, whichever files ran before; its settings."""
    yield served
    _empty()
    # Of fits that a test broke off: garbage that only time would make so.
    shutil.rmtree(served.store / "checkpoints", ignore_errors=True)


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """A database for this run: the embedded server, or the MySQL server that DLGN_TEST_MYSQL names.

    The settings are also in the environment, so that commands started by a test use the same database.
    """
    import schemas
    from tests.emptying import drop_all

    home = tmp_path_factory.mktemp("home")
    environment = {"DLGN_HOME": str(home), "DLGN_PREFIX": f"t{uuid.uuid4().hex[:8]}_", "DLGN_DEVICE": "cpu"}
    if os.environ.get("DLGN_TEST_MYSQL"):
        environment["DLGN_DATABASE"] = os.environ["DLGN_TEST_MYSQL"]
    before = dict(os.environ)
    os.environ.pop("DLGN_DATABASE", None)
    os.environ.update(environment)
    settings = schemas.open_database(schemas.Settings.from_environment())
    yield settings
    drop_all(settings.prefix)
    os.environ.clear()
    os.environ.update(before)


def _empty() -> None:
    """Delete every row but those that are declared with the tables, and withdraw all jobs."""
    from schemas import dataset, experiment, fleet, mei, model, search, session, stimulus, trainer, verification
    from schemas.base import store_registry
    from schemas.connection.in_force import settings_in_force
    from schemas.declaration.computed_tables import computed_tables
    from tests.emptying import delete_all, tables_below

    roots = (search.Study, experiment.Experiment, dataset.DatasetConfig, model.ModelConfig, session.Mouse)
    roots += (stimulus.Movie, trainer.TrainerConfig, trainer.Seed, mei.MEIConfig)
    delete_all(session.schema.connection, tables_below(*roots))
    for table in computed_tables():
        table().jobs.delete_quick()
    # Of commands that a test killed: their leases on files would last a day.
    settings, connection = settings_in_force(), session.schema.connection
    store_registry.withdraw(settings, connection, store_registry.tokens_of(connection, [settings.prefix]))
    store_registry._own.clear()
    for table in (fleet.Lease, fleet.Lack, fleet.Worker, fleet.Retry, fleet.StopFlag, verification.Verification):
        table().delete_quick()
