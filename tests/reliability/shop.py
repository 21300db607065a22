"""A tiny shop whose run is as short as a whole run can be: forty days, two orders a day, months only."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import shutil
from pathlib import Path
from typing import Any

from retention_pipeline.core import scratch
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.files import TEMPORARY
from retention_pipeline.warehouse.read import published_manifest
from retention_pipeline.warehouse.running import dead_signs
from retention_pipeline.warehouse.verify import verify_version
from tests.folder import Folder
from tests.reliability import warm
from tests.time.small_shop import CONFIG, SmallShop

FIRST, DAYS = dt.date(2025, 1, 1), 40
NEXT = FIRST + dt.timedelta(days=DAYS)
TINY = CONFIG.replace('segments = ["country"]', 'segments = []\ngrains = ["month"]\ncohort_grains = ["month"]')


@dataclasses.dataclass(frozen=True)
class Shop(Folder):
    """A folder with a configuration and delivered files."""

    def run(self, *arguments: str, **how: Any) -> warm.Ended:
        """The command in a fork, to its end; ``run`` where no arguments are given, ``how`` as for ``warm.command``."""
        return self.start(*arguments, **how).end()

    def start(self, *arguments: str, **how: Any) -> warm.Going:
        return warm.command(self.config, *(arguments or ("run",)), **how)

    def copy(self, to: Path, *, with_home: bool = True) -> Shop:
        """A copy; without its home only what dbt has parsed comes along."""
        ignored = None if with_home else shutil.ignore_patterns(".retention")
        shutil.copytree(self.folder, to, ignore=ignored, symlinks=True)
        if not with_home:
            shutil.copytree(self.home.dbt_target, to / ".retention" / "dbt")
        return Shop(to)

    def content_hash(self) -> str:
        return str(published_manifest(self.home)["content_hash"])

    def version(self) -> str | None:
        pointer = versions.parse_pointer(versions.pointer_bytes(self.home))
        return pointer.version if pointer else None

    def served(self) -> dict[str, str]:
        """Checksums of the pointer and of every byte of the version that it names."""
        name = self.version()
        paths = [self.home.current_pointer, *sorted((self.home.published / name).iterdir())] if name else []
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}

    def deliver(self, day: dt.date, count: int = 2) -> None:
        """Put the files of one day into the landing place."""
        write_day(SmallShop.of(self.folder), day, count)

    def litter(self) -> list[str]:
        """What a run left behind that it should not have; empty after a run that succeeded."""
        home, names = self.home, []
        for folder in (home.root, home.published, home.build.parent, home.id_key.parent, home.running):
            names += [str(path.relative_to(home.root)) for path in folder.glob(f"{TEMPORARY}*")]
        names += [path.name for path in dead_signs(home)]
        names += [name for name in versions.version_names(home) if name not in versions.published_names(home)]
        names += [path.name for path in home.root.glob("*.wal")]
        names += [path.name for path in scratch.left_by_writers(home)]
        return names

    def is_whole(self) -> bool:
        """Whether every kept version is as it was published."""
        for name in versions.published_names(self.home):
            verify_version(self.home.published / name)
        return True


def write_day(shop: SmallShop, day: dt.date, count: int = 2) -> None:
    """The files of one day: so many orders, everybody known by then, one answer."""
    number = (day - FIRST).days
    orders = tuple((f"{number}-{k}", str(10 + k), f"{day}T10:00:00") for k in range(count))
    keys = [f"{past}-{k}" for past in range(number + 1) for k in range(count)]
    shop.deliver("orders", day, orders)
    shop.deliver("customers", day, tuple(("c" + key, "DE", "2025-01-01T00:00:00") for key in keys))
    shop.deliver("feedback", day, ((f"f{number}", "9", f"{day}T11:00:00"),))


def write_tiny_shop(folder: Path) -> Shop:
    """The shop, nothing run yet."""
    files = SmallShop(folder)
    (folder / "retention.toml").write_text(TINY, encoding="utf-8")
    for number in range(DAYS):
        write_day(files, FIRST + dt.timedelta(days=number))
    return Shop(folder)
