"""The process from which workers are forked: it imports once, stays single-threaded, and runs no notebook itself.

``python -m evalkit.batch.fork_parent FD`` is started by `evalkit.batch.workers`; the socket FD carries requests:
``fork`` with a connection for the child, ``wait PID`` for the status of one that has ended.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from multiprocessing.connection import Connection

from evalkit.batch.warm import die_with_parent, freeze, require_forkable, warm
from evalkit.batch.workers import FORK, LONGEST, WAIT
from evalkit.errors import EvalkitError


def main(handle: int) -> None:
    """Warm up, say so, and fork on request until the other end is closed."""
    die_with_parent()
    requests = socket.socket(fileno=handle)
    threads = warm()
    freeze()
    _reply(requests, ready=True)
    while True:
        request, handles, *_ = socket.recv_fds(requests, LONGEST, 1)
        if request == FORK:
            _fork(requests, handles[0], threads)
        elif request.startswith(WAIT):
            _, status = os.waitpid(int(request.removeprefix(WAIT)), 0)
            _reply(requests, status=os.waitstatus_to_exitcode(status))
        else:
            return


def _fork(requests: socket.socket, handle: int, threads: frozenset[str]) -> None:
    try:
        require_forkable(threads)
    except EvalkitError as error:
        os.close(handle)
        _reply(requests, error=[error.where, error.found, error.needed, error.todo])
        return
    child = os.fork()
    if child == 0:
        requests.close()
        _be_worker(handle)
    os.close(handle)
    _reply(requests, pid=child)


def _be_worker(handle: int) -> None:
    """Carry out what comes over the connection; never return to the parent's loop."""
    from evalkit.batch.worker import serve

    status = 1
    try:
        die_with_parent()
        os.setsid()
        serve(Connection(handle))
        status = 0
    finally:
        sys.stdout.flush()
        os._exit(status)


def _reply(requests: socket.socket, **content: object) -> None:
    requests.send(json.dumps(content).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]))
