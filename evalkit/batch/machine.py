"""What the machine has: cores, free memory, and the memory that a process and its children hold."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
CGROUP_LIMIT, CGROUP_USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
WORKER_BYTES = 1 << 30
"""Memory that a worker is expected to need at most when their number is chosen."""
RESERVE = 0.8
"""Share of the free memory that a batch may take."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_bytes() -> int | None:
    """Return the memory that can still be had, within the container's limit; None where the system doesn't say."""
    try:
        lines = (PROC / "meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return None
    try:
        return min(free, int(CGROUP_LIMIT.read_text(encoding="ascii")) - int(CGROUP_USED.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free


def workers_for(n_runs: int, wanted: int | None, free: int | None) -> int:
    """Return how many runs go on at once: as asked, else one a core, fewer where memory is short."""
    if wanted is None:
        wanted = cores() if free is None else min(cores(), int(free * RESERVE) // WORKER_BYTES)
    return max(1, min(wanted, n_runs))


def memory_share(workers: int, free: int | None) -> int | None:
    """Return how much memory one of several workers may take; None where the system doesn't say what is free."""
    return None if free is None else int(free * RESERVE) // workers


def held_bytes(pid: int) -> int:
    """Return the memory that a process and those below it hold for themselves; 0 where it is gone or unknown."""
    return sum(_private_bytes(p) for p in family(pid))


def family(pid: int) -> list[int]:
    """Return a process and all that it started, itself first."""
    try:
        children = (PROC / f"{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return [pid]
    return [pid, *(p for child in children for p in family(int(child)))]


def _private_bytes(pid: int) -> int:
    """Resident pages less those shared with files; pages shared with the parent after a fork are counted, too."""
    try:
        _, resident, shared, *_ = (PROC / f"{pid}/statm").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
