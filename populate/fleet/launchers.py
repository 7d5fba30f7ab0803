"""Launchers of ``dlgn populate``: a process on each GPU, which sees its own device only, or SLURM jobs by submitit."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dlgn_cnn.errors import ConfigError
from populate.errors.exit_codes import OK, SOME_FAILED
from populate.worker import children

SIGNAL = "SUBMITIT_PREEMPT_SIGNAL"  # which signal SLURM sends before it takes the machine away; submitit's word for it


class WorkerJob:
    """The callable that a SLURM job runs. It holds no settings: SLURM passes the submitter's environment on."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = tuple(arguments)

    def __call__(self) -> int:
        """Work until nothing is left; the worker's exit status. Raises RuntimeError where the worker broke."""
        warning = os.environ.get(SIGNAL, "USR2")
        environment = children.environment({"DLGN_WARNING_SIGNAL": warning})
        done = subprocess.run(children.command("populate", *self.arguments), env=environment)
        if done.returncode not in (OK, SOME_FAILED):  # dlgn status tells which keys failed
            raise RuntimeError(f"dlgn populate ended with status {done.returncode}: see this job's output")
        return done.returncode

    def checkpoint(self) -> Any:
        """Called by submitit after the warning signal: submit the same again, since the worker has returned its key."""
        import submitit

        return submitit.helpers.DelayedSubmission(self)


def submit(
    workers: int, arguments: Sequence[str], folder: Path, parameters: Mapping[str, Any], cluster: str = "slurm"
) -> list[Any]:
    """Submit workers as jobs.

    Parameters
    ----------
    workers : int
        Number of jobs.
    arguments : sequence of str
        Arguments of ``dlgn populate``.
    folder : Path
        Folder for the jobs' output.
    parameters : mapping
        Parameters of submitit, as ``timeout_min``.
    cluster : str, default "slurm"
        Kind of executor.

    Returns
    -------
    list of submitit.Job
        The jobs.

    Raises
    ------
    ConfigError
        If submitit is not installed, SLURM is missing, or a parameter is unknown.
    """
    try:
        import submitit
    except ImportError as error:
        raise ConfigError("submitit is not installed: pip install 'dlgn_cnn[slurm]'") from error
    try:
        executor = submitit.AutoExecutor(folder=folder, cluster=cluster)
        executor.update_parameters(name="dlgn", **parameters)
        with executor.batch():
            jobs = [executor.submit(WorkerJob(arguments)) for _ in range(workers)]
    except (RuntimeError, NameError, TypeError, ValueError) as error:
        raise ConfigError(f"cannot submit with {dict(parameters)}: {error}") from error
    return jobs


def chosen_gpus(gpus: str, environment: Mapping[str, str], count: int | None = None) -> list[str]:
    """Names of the chosen devices, as CUDA_VISIBLE_DEVICES takes them.

    Parameters
    ----------
    gpus : str
        ``all``, or numbers as "0,2".
    environment : mapping
        Variables of this process. If a queueing system has set CUDA_VISIBLE_DEVICES, numbers count among its devices.
    count : int, optional
        Number of devices (default: as torch counts them).

    Returns
    -------
    list of str
        A name for each device.

    Raises
    ------
    ConfigError
        If there is no such device.
    """
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        import torch

        there = [str(number) for number in range(torch.cuda.device_count() if count is None else count)]
    else:
        there = [name for name in visible.split(",") if name]
    if not there:
        raise ConfigError(f"--gpus {gpus}: this machine shows no CUDA device: leave --gpus out to compute without")
    if gpus == "all":
        return there
    numbers = [str(number) for number in range(len(there))]
    asked = gpus.split(",")
    if not set(asked) <= set(numbers):
        raise ConfigError(f"--gpus {gpus}: expected all, or numbers among {','.join(numbers)}")
    return [there[int(number)] for number in asked]


def environments(devices: Sequence[str], share: int = 1) -> list[dict[str, str]]:
    """Variables of ``share`` processes on each device, of which each process sees its own only."""
    return [{"CUDA_VISIBLE_DEVICES": device, "DLGN_DEVICE": "cuda"} for device in devices for _ in range(share)]
