"""A small shop and ways to run the whole pipeline on it, in this process or in one that may be killed."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from rich.console import Console

from retention_pipeline.cli.running import Wanted, run_job
from retention_pipeline.demo.shop import write_shop
from retention_pipeline.warehouse.read import current_version, open_published, published_manifest
from tests.folder import Folder

ID_KEY = "a key that only tests use"


@pytest.fixture(autouse=True)
def _fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RETENTION_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RETENTION_ID_KEY", ID_KEY)
    monkeypatch.setenv("RETENTION_RECEIVED_ON", "2026-01-01")


@contextlib.contextmanager
def run_history_in_memory() -> Iterator[None]:
    """Runs in this process keep Dagster's history in memory; its thousands of commits are not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dg.DagsterInstance, "from_config", staticmethod(lambda *_: dg.DagsterInstance.ephemeral()))
        yield


@pytest.fixture(autouse=True)
def _run_history() -> Iterator[None]:
    # for each test: tests outside of this folder, which the same worker may run between these, look into the history
    with run_history_in_memory():
        yield


@dataclasses.dataclass(frozen=True)
class ShopFolder(Folder):
    """A folder with a configuration and delivered files."""

    def run(self, as_of: Any = None, **wanted: Any) -> str:
        """Run in this process; returns what was printed. A failure raises the product's own error."""
        text = io.StringIO()
        with run_history_in_memory():  # also in fixtures that outlive a test
            run_job(self.settings, Wanted(as_of, **wanted), Console(file=text, width=120))
        return text.getvalue()

    def command(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own, to its end."""
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Begin the command in a process of its own."""
        command = [sys.executable, "-m", "retention_pipeline.cli", "--config", str(self.config), *arguments]
        surroundings = {**os.environ, "RETENTION_ID_KEY": ID_KEY, "RETENTION_RECEIVED_ON": "2026-01-01", **environment}
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings)

    def version(self) -> str | None:
        return current_version(self.settings.home)

    def content_hash(self) -> str:
        return str(published_manifest(self.settings.home)["content_hash"])

    def table_hashes(self) -> dict[str, str]:
        tables = published_manifest(self.settings.home)["tables"]
        return {name: table["content_hash"] for name, table in tables.items() if table["counts_for_content"]}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with open_published(self.settings.home) as published:
            return published.execute(sql).fetchall()

    def copy(self, to: Path, *, with_home: bool) -> ShopFolder:
        ignore = None if with_home else shutil.ignore_patterns(".retention")
        shutil.copytree(self.folder, to, ignore=ignore, symlinks=True)
        if not with_home:  # parsing the dbt project takes seconds and is the same for every shop
            shutil.copytree(self.folder / ".retention" / "dbt", to / ".retention" / "dbt")
        return ShopFolder(to)

    def served_bytes(self) -> dict[str, bytes]:
        """Every byte that consumers can see."""
        published = self.settings.home.published
        current = published / (self.version() or "none")
        return {"CURRENT": self.settings.home.current_pointer.read_bytes()} | {
            path.name: path.read_bytes() for path in sorted(current.iterdir())
        }


@pytest.fixture(scope="session")
def published_shop(tmp_path_factory: pytest.TempPathFactory) -> ShopFolder:
    """A small demo shop, run once; tests copy it before they change anything."""
    folder = tmp_path_factory.mktemp("shop") / "demo"
    write_shop(folder, customers=200, days=120)
    shop = ShopFolder(folder)
    with pytest.MonkeyPatch.context() as patch:  # undone before other tests of the session see it
        patch.setenv("RETENTION_ID_KEY", ID_KEY)
        patch.setenv("RETENTION_RECEIVED_ON", "2026-01-01")
        shop.run()
    return shop


@pytest.fixture
def shop(published_shop: ShopFolder, tmp_path: Path) -> ShopFolder:
    """A copy of the published shop, home and all."""
    return published_shop.copy(tmp_path / "shop", with_home=True)


@pytest.fixture
def fresh_shop(published_shop: ShopFolder, tmp_path: Path) -> ShopFolder:
    """A copy of the shop's files with nothing run yet."""
    return published_shop.copy(tmp_path / "fresh", with_home=False)
