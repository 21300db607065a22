"""Running the pipeline as its user does, and opening what it published.

Belongs here: the command as a subprocess. Not here: assertions.
"""

from __future__ import annotations

import hmac
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from tests.oracle.real_data import ROOT


def retention(config: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the ``retention`` command; never raises, the caller judges the exit code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RETENTION_")}
    return subprocess.run(
        [sys.executable, "-m", "retention_pipeline.cli", "--config", str(config), "--home", str(home), *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=kept,
        timeout=900,
    )


def run(config: Path, home: Path, *arguments: str) -> None:
    """Run the whole pipeline; fails with its own words."""
    done = retention(config, home, "run", *arguments)
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")


def published(home: Path) -> duckdb.DuckDBPyConnection:
    """The current published version, read-only, the way any client would open it."""
    return duckdb.connect(str(home / "published" / "current" / "retention.duckdb"), read_only=True)


def identify(home: Path) -> Callable[[str], str]:
    """How the home directory's key turns a customer's id into the published one."""
    key = (home / "keys" / "id.key").read_bytes().strip()
    return lambda customer: hmac.digest(key, customer.encode(), "sha256").hex()[:32]
