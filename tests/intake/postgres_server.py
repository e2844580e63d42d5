"""A real PostgreSQL server for a test: Debian's, in a folder of its own, on 127.0.0.1 and a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "evaluator"
NOBODY = "postgres"
"""initdb refuses root; Debian makes this user with the package."""


def programs() -> Path | None:
    """Return the folder of initdb and pg_ctl, None where no server is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Start a server and give its address; it and its folder are gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="evalkit-pg-", ignore_cleanup_errors=True) as folder,
        socket.socket() as free,
    ):
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        data = Path(folder, "data")
        if os.getuid() == 0:
            os.chown(folder, pwd.getpwnam(NOBODY).pw_uid, -1)
        _run(programs / "initdb", "-D", data, "-A", "trust", "-U", USER, "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {folder} -p {port} -c listen_addresses=127.0.0.1 -c fsync=off"
        _run(programs / "pg_ctl", "-D", data, "-o", options, "-l", Path(folder, "log"), "-w", "start")
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(*command: object) -> None:
    """Run one of the server's programs, not as root."""
    other = {"user": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
    subprocess.run([str(c) for c in command], check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=60, **other)
