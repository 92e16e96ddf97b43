"""Runs one PostgreSQL server while somebody uses it. This is a program and is never imported.

Users of the server hold a shared flock on one file. This process starts `postgres` and then waits for an exclusive
flock on that file, which it gets when the last user is gone, even by a crash. Then it stops the server. It uses only
the standard library, so that `python -I -S` starts it in a few milliseconds, and leaves its starter's session.

`postgres` and all its children inherit the lock that marks the cluster as running, so it is free only when all of them
have ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1
SECONDS_FOR_FAST_SHUTDOWN = 60


def main(plan: dict[str, Any]) -> int:
    """Runs the server that `plan` describes (`server.py` writes it). Returns its exit status."""
    running = os.open(plan["running_lock"], os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(running, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 3
    if os.fork():
        os._exit(0)  # the starter waits for this; the lock stays with the child
    os.setsid()
    postgres = start_postgres(plan, running)
    signal.signal(signal.SIGTERM, lambda *_: postgres.send_signal(signal.SIGINT))
    threading.Thread(target=stop_when_unused, args=(plan["users_lock"], postgres), daemon=True).start()
    status = postgres.wait()
    shutil.rmtree(plan["socket_dir"], ignore_errors=True)
    return status


def start_postgres(plan: dict[str, Any], running: int) -> subprocess.Popen[bytes]:
    """Starts the server under the plan's account, with the plan's log file and the `running` lock."""
    log = os.open(plan["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    account = {"user": plan["uid"], "group": plan["gid"], "extra_groups": []} if plan["uid"] is not None else {}
    return subprocess.Popen(
        plan["command"],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=plan["cluster"],
        env=plan["environment"],
        pass_fds=[running],
        preexec_fn=signal_on_parents_death(),  # noqa: PLW1509 - there is one thread so far
        start_new_session=True,
        **account,
    )


def signal_on_parents_death() -> Callable[[], None] | None:
    """Hook that makes the server shut down fast (SIGINT) if this process is killed. Linux only, else None."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def stop_when_unused(users_lock: str, postgres: subprocess.Popen[bytes]) -> None:
    """Waits until nobody holds the users' lock, then stops the server: fast, or immediately if that hangs."""
    users = os.open(users_lock, os.O_RDWR)
    fcntl.flock(users, fcntl.LOCK_EX)
    for stop in (signal.SIGINT, signal.SIGQUIT):
        with contextlib.suppress(ProcessLookupError):
            postgres.send_signal(stop)
        time.sleep(SECONDS_FOR_FAST_SHUTDOWN)  # this process ends before that if the server does


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
