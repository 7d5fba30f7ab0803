"""The commands that watch and steer a fleet of workers."""

import logging
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from populate.cli.table_names import complete_computed

app = typer.Typer()
logger = logging.getLogger("dlgn")
TableName = Annotated[
    str, typer.Argument(metavar="TABLE", help="A computed table, as TrainedModel.", autocompletion=complete_computed)
]
AnyTable = Annotated[
    str, typer.Argument(metavar="TABLE", help="A computed table; all, without.", autocompletion=complete_computed)
]
Tables = Annotated[
    list[str] | None,
    typer.Option("--table", help="Only this table; may be given again.", autocompletion=complete_computed),
]
Where = Annotated[str | None, typer.Option(help='SQL condition on the keys, as "seed = 3"; all keys, without.')]
Host = Annotated[str, typer.Option(help="A machine's name as dlgn workers shows it; all, without.")]
Watch = Annotated[bool, typer.Option("--watch", help="Keep it on the screen until Ctrl-C.")]
WATCH_S = 2.0


@app.command()
def status(watch: Watch = False) -> None:
    """Show what is done, under way, waiting and failed in every computed table, and what is paused.

    Example: dlgn status --watch
    """
    _show("progress", watch)


@app.command()
def workers(
    watch: Watch = False,
    everybody: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
) -> None:
    """Show who is at work: machine, device, key, how far it is, and when it was last heard of.

    Example: dlgn workers
    """
    _show("workers", watch, *([True] if everybody else []))


@app.command()
def pause(table: AnyTable = "*", host: Host = "*") -> None:
    """Take no new keys, of one table or on one machine or at all; what is under way goes on.

    Example: dlgn pause MEI
    """
    _steer().pause(table, host)
    logger.info("paused: dlgn resume with the same words takes it back")


@app.command()
def resume(table: AnyTable = "*", host: Host = "*") -> None:
    """Take back a pause or a drain.

    Example: dlgn resume MEI
    """
    logger.info("%d orders taken back", _steer().resume(table, host))


@app.command()
def drain(
    host: Annotated[str, typer.Argument(help="A machine's name as dlgn workers shows it.")],
    now: Annotated[bool, typer.Option("--now", help="Hand the keys in hand back, instead of finishing them.")] = False,
) -> None:
    """End the workers of one machine, and let no new ones begin there until dlgn resume --host HOST.

    Example: dlgn drain gpu3 --now
    """
    logger.info("%d keys are in hand on %s", _steer().drain(host, now), host)


@app.command()
def stop(
    table: TableName, where: Annotated[str, typer.Option(help='SQL condition on the keys, as "seed = 3".')]
) -> None:
    """End computations that go nowhere, at their next batch; their keys are set aside until dlgn retry.

    Example: dlgn stop TrainedModel --where "model_hash LIKE 'ab12%'"
    """
    found = _steer()
    logger.info("%d computations are told to stop", found.stop(found.named(table), where))


@app.command()
def retry(table: TableName, where: Where = None) -> None:
    """Make failed keys, and those that were stopped, pending again.

    Example: dlgn retry TrainedModel
    """
    found = _steer()
    logger.info("%d keys are pending again", found.retry(found.named(table), where))


@app.command()
def priority(
    table: TableName,
    value: Annotated[int, typer.Argument(help="The lower the sooner; new keys have 5.")],
    where: Where = None,
) -> None:
    """Say which pending keys come first.

    Example: dlgn priority TrainedModel 1 --where "seed = 0"
    """
    found = _steer()
    logger.info("%d pending keys have priority %d", found.prioritize(found.named(table), value, where), value)


@app.command()
def declare(
    worker: Annotated[str | None, typer.Option(help="Also make this MySQL account for workers.")] = None,
    reader: Annotated[str | None, typer.Option(help="Also make this MySQL account for dlgn dashboard.")] = None,
) -> None:
    """Declare every table, so that workers need no right to; with --worker, give them an account that has none.

    Example: DLGN_WORKER_PASSWORD=... dlgn declare --worker dlgn_worker
    """
    from populate.fleet import declare as found

    logger.info("all tables are declared, %d of them computed", found.declare())
    if worker is not None:
        logger.info("%s", found.grant(worker))
    if reader is not None:
        logger.info("%s", found.grant_reader(reader))


@app.command()
def slurm(
    workers: Annotated[int, typer.Option(min=1, help="How many jobs, each one worker.")] = 1,
    hours: Annotated[float, typer.Option(help="How long each may run.")] = 24.0,
    gpus: Annotated[int, typer.Option(help="GPUs a worker.")] = 1,
    cpus: Annotated[int, typer.Option(help="CPU cores a worker.")] = 4,
    partition: Annotated[str | None, typer.Option(help="SLURM's partition; its default, without.")] = None,
    table: Tables = None,
    logs: Annotated[Path, typer.Option(help="Folder for the jobs' output, which all machines see.")] = Path("slurm"),
) -> None:
    """Submit workers to SLURM; one that is preempted hands its key back and is queued again.

    Example: dlgn slurm --workers 8 --hours 12 --partition gpu
    """
    from populate.fleet.slurm import submit

    parameters: dict[str, Any] = {"timeout_min": int(hours * 60), "gpus_per_node": gpus, "cpus_per_task": cpus}
    parameters |= {} if partition is None else {"slurm_partition": partition}
    arguments = [word for name in table or () for word in ("--table", name)]
    for job in submit(workers, arguments, logs, parameters):
        logger.info("job %s", job.job_id)


@app.command()
def gc(
    delete: Annotated[bool, typer.Option("--delete", help="Delete it, unless a worker is alive.")] = False,
) -> None:
    """Show what lies in the store and no row refers to; with --delete, remove it.

    Example: dlgn gc --delete
    """
    import schemas

    schemas.open_database()
    from populate.fleet import gc as found

    garbage = found.find_garbage()
    for one in garbage:
        for stored in one.unreferenced:
            logger.info("%s/%s: %d kB, written %s", one.kind, stored.name, stored.size_bytes // 1000, stored.written)
        count, megabytes = len(one.unreferenced), one.size_bytes / 1e6
        logger.info("%s: no row refers to %d files, %.1f MB; %d are kept", one.kind, count, megabytes, one.kept)
    if delete:
        logger.info("%d files are deleted", found.collect(garbage))


def _steer() -> ModuleType:
    """The module that steers, once the database is open."""
    import schemas

    schemas.open_database()
    from populate.fleet import control as found

    return found


def _show(view: str, watch: bool, *arguments: bool) -> None:
    import schemas

    schemas.open_database()
    from populate.fleet import status as found

    found.show(lambda: getattr(found, view)(*arguments), WATCH_S if watch else None)
