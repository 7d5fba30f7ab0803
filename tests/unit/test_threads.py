"""A worker computes with as many threads as it has cores, by affinity, quota and neighbors, or as the user says."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime.cores import Cores, core_set_id, usable_cores
from dlgn_cnn.runtime.threads import (
    MOST,
    WAITING,
    asked_threads,
    describe_limit,
    thread_count,
    wait_passively,
)

ROOT = Path(__file__).resolve().parents[2]


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


# What Docker, systemd and SLURM write: the kernel's documents, cgroup-v2.rst and sched-bwc.rst.
QUOTAS = {
    "version 2, a container": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 1.5),
    "version 2, no limit": ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, math.inf),
    "version 2, the limit is two levels above": (
        {
            "proc/self/cgroup": "0::/user.slice/job.scope/step\n",
            "sys/fs/cgroup/user.slice/job.scope/step/cpu.max": "max 100000\n",
            "sys/fs/cgroup/user.slice/cpu.max": "50000 100000\n",
        },
        0.5,
    ),
    "version 2, the nearest is not the least": (
        {
            "proc/self/cgroup": "0::/a/b\n",
            "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n",
            "sys/fs/cgroup/a/cpu.max": "300000 100000\n",
        },
        3.0,
    ),
    "version 1": (
        {
            "proc/self/cgroup": "5:memory:/job\n4:cpu,cpuacct:/job\n",
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "200000\n",
            "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
        },
        2.0,
    ),
    "version 1, no limit": (
        {
            "proc/self/cgroup": "4:cpu,cpuacct:/\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        },
        math.inf,
    ),
    "version 1, a container that sees the host's path": (
        {
            "proc/self/cgroup": "4:cpu,cpuacct:/docker/0af3\n",
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        },
        1.0,
    ),
    "no cgroups": ({}, math.inf),
    "rubbish": ({"proc/self/cgroup": "0::/\nrubbish\n", "sys/fs/cgroup/cpu.max": "\n"}, math.inf),
    "a path that leads out": ({"proc/self/cgroup": "0::/../../x\n", "sys/fs/cgroup/cpu.max": "100000 100000"}, 1.0),
}


@pytest.mark.parametrize("name", QUOTAS)
def test_the_quota_of_a_cgroup_is_in_cores(tmp_path, name):
    files, expected = QUOTAS[name]
    assert usable_cores(tree(tmp_path, files)).quota == expected


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_cores_are_those_of_the_affinity():
    one = min(os.sched_getaffinity(0))
    code = "from dlgn_cnn.runtime.cores import usable_cores; print(usable_cores().affinity)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        preexec_fn=lambda: os.sched_setaffinity(0, {one}),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "1"


def test_the_same_cores_have_one_name_in_all_containers_and_others_another(tmp_path):
    one, other = (tree(tmp_path / name, {"proc/sys/kernel/random/boot_id": f"{name}\n"}) for name in "ab")
    assert core_set_id(one) == core_set_id(one) != core_set_id(other)
    assert core_set_id(one, [0, 1]) == core_set_id(one, [1, 0]) != core_set_id(one, [2, 3])
    assert len(core_set_id(tmp_path / "neither")) == 32


@given(
    affinity=st.integers(1, 256),
    quota=st.one_of(st.just(math.inf), st.floats(0.01, 256)),
    here=st.integers(1, 32),
    more=st.integers(0, 32),
)
def test_workers_together_never_have_more_threads_than_cores_unless_each_has_one(affinity, quota, here, more):
    cores, on_cores = Cores(affinity, quota), here + more
    each = thread_count(None, cores, here, on_cores)
    assert each >= 1
    assert each == 1 or (each * on_cores <= affinity and each * here <= quota)
    # None to spare: a thread more would be too many.
    assert (each + 1) * on_cores > affinity or (each + 1) * here > quota


@pytest.mark.parametrize(("asked", "expected"), [(1, 1), (3, 3), (4, 4), (64, 4)])
def test_what_the_user_asks_for_prevails_up_to_the_cores(asked, expected):
    assert thread_count(asked, Cores(4, 0.5), 8, 8) == expected


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"DLGN_THREADS": "3", "OMP_NUM_THREADS": "1"}, 3),
        ({"DLGN_THREADS": "", "OMP_NUM_THREADS": "2"}, 2),
        ({"OMP_NUM_THREADS": "4,2"}, 4),
        ({"OMP_NUM_THREADS": "many"}, None),  # OpenMP itself says so and takes its default
    ],
)
def test_dlgn_threads_prevails_over_openmps(environment, expected):
    assert asked_threads(environment) == expected


@pytest.mark.parametrize("text", ["0", "x", "1000000", "-1", "1.5", "²", " 2", str(MOST + 1)])
def test_a_number_of_threads_that_is_none_is_refused_with_a_sentence(text):
    with pytest.raises(ConfigError, match=f"DLGN_THREADS .*: expected a whole number of threads from 1 to {MOST}"):
        asked_threads({"DLGN_THREADS": text})


def test_odd_limits_are_told_and_others_are_not():
    assert "0.5 of a core" in describe_limit(None, Cores(8, 0.5))
    assert "may use 2 cores" in describe_limit(64, Cores(2))
    assert describe_limit(None, Cores(2)) is describe_limit(2, Cores(2, 1.5)) is None


@pytest.mark.parametrize("name", WAITING)
def test_how_threads_wait_is_the_users_to_say(name):
    given = {name: "theirs"}
    wait_passively(given)
    assert given == {name: "theirs"}
    nothing = {"PATH": "/bin"}
    wait_passively(nothing)
    assert nothing == {"PATH": "/bin", **WAITING}


def test_the_command_sets_how_threads_wait_before_torch_loads():
    """In a process of its own: a module that the command imports may not have brought torch before."""
    code = (
        "import os, sys; import populate.cli.command as c; assert 'torch' not in sys.modules;"
        "c.app = lambda **named: print(os.environ['OMP_WAIT_POLICY']); c.main()"
    )
    environment = {name: value for name, value in os.environ.items() if name not in WAITING}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert done.stdout.strip() == "passive", done.stderr
