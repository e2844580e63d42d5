"""A Dask cluster: connected to, and the versions of its workers compared with our own before any work is sent.

What Dask itself does (sending calls, doing a lost worker's calls again) is left to it; see https://distributed.dask.org.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from evalkit.cache import code_hash
from evalkit.errors import PlanError, UsageError, listed

PATIENCE = 20.0
"""Seconds that a scheduler may take to answer."""
NAME = re.compile(r"[A-Za-z0-9._-]+")
ROOTS = ("evalkit", "polars", "numpy")
"""Where the walk through what evalkit needs begins; the libraries are named for where evalkit runs uninstalled."""


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """Yield a client of the scheduler at an address, whose workers all have our versions.

    Raises
    ------
    UsageError
        Dask is not installed, or nothing answers at the address.
    PlanError
        There is no worker, or one has other versions; the message names them.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UsageError(
            "--cluster", "Dask is not installed", "the extra cluster", "pip install 'evalkit[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise UsageError(
            "--cluster",
            f"no scheduler answers at {address} ({type(error).__name__})",
            "the address that `dask scheduler` prints, as tcp://10.0.0.5:8786",
            "correct the address, or start the scheduler",
        ) from error
    with client:
        require_same(client)
        yield client


def require_same(client: Any) -> None:
    """Compare what all workers run with what this process runs; refuse with each difference named."""
    found = client.run(fingerprint, on_error="return")
    if not found:
        raise PlanError(
            "the cluster", "it has no worker", "at least one", "start some: `dask worker ADDRESS` on each machine"
        )
    differences = [f"{worker}: {told}" for worker, theirs in sorted(found.items()) if (told := difference(theirs))]
    if differences:
        raise PlanError(
            "the cluster",
            f"{len(differences)} of {len(found)} workers run something else than this one: {listed(differences, 3)}",
            "the same evalkit, Python and lock on every machine",
            "install from the same lock there, start these workers again, and run the same command",
        )


def difference(theirs: Mapping[str, str] | BaseException) -> str:
    """Return how another process's versions differ from ours, or why they cannot be had; empty where they are equal."""
    if isinstance(theirs, BaseException):
        return f"evalkit cannot be asked there ({type(theirs).__name__}: {theirs})"
    ours = fingerprint()
    odd = [n for n in [*ours, *(n for n in theirs if n not in ours)] if ours.get(n) != theirs.get(n)]
    return listed(f"{n} {theirs.get(n, 'missing')}, here {ours.get(n, 'missing')}" for n in odd)


@cache
def fingerprint() -> dict[str, str]:
    """Return what results depend on in this process: system, Python, evalkit's code, and the versions of the lock."""
    return {
        "Python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "code of evalkit": code_hash(),
        **installed(),
    }


def installed() -> dict[str, str]:
    """Return the version of every distribution that evalkit needs, directly or not, without extras."""
    found: dict[str, str] = {}
    waiting = list(ROOTS)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:  # needed on another system or Python only
            continue
        found[name] = package.version
        waiting += [NAME.match(r)[0] for r in package.requires or () if "extra ==" not in r]  # type: ignore[index]
    return dict(sorted(found.items()))
