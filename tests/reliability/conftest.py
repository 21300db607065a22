"""The shop that is run again and again, the report, and where figures go."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from retention_pipeline.core.home import Home
from tests.reliability import figures, warm
from tests.reliability.shop import NEXT, Shop, write_tiny_shop

Noted = Callable[..., None]
_REPORT = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """One report for the whole test run: the processes that help are told its name."""
    given = os.environ.get("RELIABILITY_REPORT")
    path = Path(given) if given else Path(config.rootpath) / ".pytest_cache" / "reliability.jsonl"
    if not hasattr(config, "workerinput"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    config.stash[_REPORT] = path


def pytest_terminal_summary(config: pytest.Config) -> None:
    """Print what was measured."""
    path = config.stash[_REPORT]
    if not hasattr(config, "workerinput") and path.exists():
        console = Console(width=140)
        console.print(
            f"\nreliability ({'full' if figures.is_full() else 'short'} form), also in {path}", soft_wrap=True
        )
        figures.show(figures.read(path), console)


@pytest.fixture(autouse=True, scope="session")
def _warm_fork_server() -> None:
    """Not when modules are imported: those of other tests ask for another one."""
    warm.preload()


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Noted:
    """Write down a figure and require that everything held each time."""
    began = time.monotonic()
    path = request.config.stash[_REPORT]

    def write(row: str, what: str, n: int, held: int, figure: str = "") -> None:
        figures.write(figures.Figure(row, what, n, held, figure, round(time.monotonic() - began, 1)), path)
        assert n > 0
        assert held == n, f"{row}, {what}: {held} of {n}; {figure}"

    return write


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A tiny shop, run once; copy it before changing anything."""
    shop = write_tiny_shop(tmp_path_factory.mktemp("reliability") / "shop")
    done = shop.run()
    assert done.code == 0, done.said
    return shop


@dataclasses.dataclass(frozen=True)
class Night:
    """A shop with a day to take in, and the content that a run of it comes to; copy it before running anything."""

    shop: Shop
    expected: str


@pytest.fixture(scope="session")
def night(published: Shop, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The night after the published one."""
    folder = tmp_path_factory.mktemp("night")
    shop = published.copy(folder / "shop")
    shop.deliver(NEXT)
    reference = shop.copy(folder / "reference")
    done = reference.run()
    assert done.code == 0, done.said
    return Night(shop, reference.content_hash())


@pytest.fixture
def shop(published: Shop, tmp_path: Path) -> Shop:
    return published.copy(tmp_path / "shop")
