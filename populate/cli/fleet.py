"""Commands that start workers, watch them and steer them, and that keep database and store in order."""

import logging
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from populate.query.table_names import complete_computed

app = typer.Typer()
logger = logging.getLogger("dlgn")
PANEL = "Computing"
TableName = Annotated[
    str, typer.Argument(metavar="TABLE", help="A computed table, as TrainedModel.", autocompletion=complete_computed)
]
AnyTable = Annotated[
    str, typer.Argument(metavar="TABLE", help="A computed table (default: all).", autocompletion=complete_computed)
]
Tables = Annotated[
    list[str] | None,
    typer.Option("--table", help="Only this table; may be given again.", autocompletion=complete_computed),
]
Where = Annotated[str | None, typer.Option(help='SQL condition on the keys, as "seed = 3" (default: all keys).')]
Host = Annotated[str, typer.Option(help="A machine's name as dlgn workers shows it (default: all).")]
Watch = Annotated[bool, typer.Option("--watch", help="Keep it on the screen until Ctrl-C.")]
WATCH_S = 2.0


@app.command(rich_help_panel=PANEL)
def populate(
    table: Tables = None,
    where: Annotated[str | None, typer.Option(help='Only keys of which this SQL holds, as "seed < 3".')] = None,
    retry_errors: Annotated[bool, typer.Option("--retry-errors", help="Try failed keys again.")] = False,
    stay: Annotated[bool, typer.Option("--stay", help="Wait for more when nothing is left.")] = False,
    workers: Annotated[
        str | None, typer.Option(help="Processes on this machine: a number, or auto for as many as compute fastest.")
    ] = None,
    gpus: Annotated[str | None, typer.Option(help="A worker on each: all, or numbers as 0,1.")] = None,
    share: Annotated[int, typer.Option(min=1, help="Workers on each of --gpus, for small models.")] = 1,
    together: Annotated[int, typer.Option(min=1, hidden=True, help="Workers that one command has started.")] = 1,
) -> None:
    """Compute everything that is asked for; run it as often and on as many machines as you like.

    Example: dlgn populate --table TrainedModel --where "seed < 3" --workers 2
    """
    from populate.errors.exit_codes import DRAINED, SOME_FAILED
    from populate.run.workers import populate_all, populate_together
    from populate.worker.worker import WorkerOptions

    options = WorkerOptions(where, retry_errors, stay, together, tuple(table or ()))
    if workers is not None or gpus is not None:
        raise typer.Exit(populate_together(options, workers, gpus, share))
    summary = populate_all(options)
    if summary.failed or summary.lacking:
        raise typer.Exit(SOME_FAILED)
    if summary.drained:
        raise typer.Exit(DRAINED)


@app.command(rich_help_panel=PANEL)
def status(watch: Watch = False) -> None:
    """Show the numbers of keys by state in every computed table, why keys failed, and what keeps workers from them.

    Example: dlgn status --watch
    """
    _show("progress", watch)


@app.command(rich_help_panel=PANEL)
def workers(
    watch: Watch = False,
    everybody: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
) -> None:
    """Show who is at work: machine, key, progress, last step and last heartbeat; in a pipe a line each, with tabs.

    Example: dlgn workers --all
    """
    _show("workers", watch, *([True] if everybody else []))


@app.command(rich_help_panel=PANEL)
def pause(table: AnyTable = "*", host: Host = "*") -> None:
    """Take no new keys, of one table, on one machine, or at all; running computations go on.

    Example: dlgn pause MEI
    """
    _steer().pause(table, host)
    logger.info("paused: dlgn resume with the same arguments takes it back")


@app.command(rich_help_panel=PANEL)
def resume(table: AnyTable = "*", host: Host = "*") -> None:
    """Take back a pause or a drain.

    Example: dlgn resume MEI
    """
    logger.info("%d stop flags taken back", _steer().resume(table, host))


@app.command(rich_help_panel=PANEL)
def drain(
    host: Annotated[str, typer.Argument(help="A machine's name as dlgn workers shows it.")],
    now: Annotated[
        bool,
        typer.Option(
            "--now", help="Hand the keys in hand back instead of finishing them; workers that hang are killed."
        ),
    ] = False,
) -> None:
    """End the workers of one machine, and let no new ones begin there until dlgn resume --host HOST.

    Example: dlgn drain gpu3 --now
    """
    logger.info("%d keys are in hand on %s", _steer().drain(host, now), host)


@app.command(rich_help_panel=PANEL)
def stop(
    table: TableName, where: Annotated[str, typer.Option(help='SQL condition on the keys, as "seed = 3".')]
) -> None:
    """End computations at their next batch, or kill a worker that hangs; dlgn retry makes their keys pending.

    Example: dlgn stop TrainedModel --where "model_hash LIKE 'ab12%'"
    """
    found = _steer()
    logger.info("%d computations were asked to stop", found.stop(found.find_table(table), where))


@app.command(rich_help_panel=PANEL)
def retry(table: TableName, where: Where = None) -> None:
    """Make failed keys, and those that were stopped, pending again.

    Example: dlgn retry TrainedModel
    """
    found = _steer()
    logger.info("%d keys are pending again", found.retry(found.find_table(table), where))


@app.command(rich_help_panel=PANEL)
def priority(
    table: TableName,
    value: Annotated[int, typer.Argument(help="The lower the sooner; new keys have 5.")],
    where: Where = None,
) -> None:
    """Set which pending keys come first.

    Example: dlgn priority TrainedModel 1 --where "seed = 0"
    """
    found = _steer()
    logger.info("%d pending keys have priority %d", found.prioritize(found.find_table(table), value, where), value)


@app.command(rich_help_panel=PANEL)
def slurm(
    workers: Annotated[int, typer.Option(min=1, help="Number of jobs, one worker each.")] = 1,
    hours: Annotated[float, typer.Option(help="Hours that each may run.")] = 24.0,
    gpus: Annotated[int, typer.Option(help="GPUs per worker.")] = 1,
    cpus: Annotated[int, typer.Option(help="CPU cores per worker.")] = 4,
    partition: Annotated[str | None, typer.Option(help="SLURM's partition (default: SLURM's own).")] = None,
    table: Tables = None,
    logs: Annotated[Path, typer.Option(help="Folder for the jobs' output, which all machines see.")] = Path("slurm"),
) -> None:
    """Submit workers to SLURM; one that is preempted hands its key back and is queued again.

    Example: dlgn slurm --workers 8 --hours 12 --partition gpu
    """
    from populate.fleet.launchers import submit

    parameters: dict[str, Any] = {"timeout_min": int(hours * 60), "gpus_per_node": gpus, "cpus_per_task": cpus}
    parameters |= {} if partition is None else {"slurm_partition": partition}
    arguments = [word for name in table or () for word in ("--table", name)]
    for job in submit(workers, arguments, logs, parameters):
        logger.info("job %s", job.job_id)


@app.command(rich_help_panel="Upkeep")
def declare(
    worker: Annotated[str | None, typer.Option(help="Also make this MySQL account for workers.")] = None,
    reader: Annotated[str | None, typer.Option(help="Also make this MySQL account for dlgn dashboard.")] = None,
) -> None:
    """Declare every table, so that workers need no right to do so; with --worker, make an account without that right.

    Example: DLGN_WORKER_PASSWORD=... dlgn declare --worker dlgn_worker
    """
    from populate.fleet import declare as found
    from populate.fleet.accounts import grant

    logger.info("all tables are declared, %d of them computed", found.declare())
    for account, reads in ((worker, False), (reader, True)):
        if account is not None:
            logger.info("%s", grant(account, reads))


@app.command(rich_help_panel="Upkeep")
def gc(
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete those that it shows, unless a process may be about to use a file.")
    ] = False,
) -> None:
    """Show the files that no row refers to and that were marked a day ago; with --delete, remove them.

    A file is marked when it is first found without a row. Example: dlgn gc --delete
    """
    import schemas

    schemas.open_database()
    from populate.fleet import gc as found

    for one in found.find_garbage():
        for name in one.due:
            size, written = one.unreferenced[name], one.place.modified(name)
            logger.info("%s/%s: %d kB, written %s", one.kind, name, size // 1000, written)
        count, marked = len(one.due), len(one.unreferenced) - len(one.due)
        logger.info(
            "%s: %d files to delete, %.1f MB; %d without a row are marked for less than a day; %d are kept",
            *(one.kind, count, one.due_bytes / 1e6, marked, one.kept),
        )
    if delete:
        logger.info("%d files are deleted", found.collect())


def _steer() -> ModuleType:
    """The module that shows and steers the fleet, once the database is open."""
    import schemas

    schemas.open_database()
    from populate.fleet import control as found

    return found


def _show(view: str, watch: bool, *arguments: bool) -> None:
    from populate.fleet.view import show

    found = _steer()
    show(lambda: getattr(found, view)(*arguments), WATCH_S if watch else None)
