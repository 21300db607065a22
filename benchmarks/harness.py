"""One benchmark: shops of several sizes, every contender on each, several times and in turn.

Belongs here: the order of runs, their results as one record. Not here: the contenders, tables and plots (``report``).
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.contenders import CONTENDERS, Place, takes_part
from benchmarks.floor import differences
from benchmarks.measure import Measurement
from benchmarks.shop import Shop, write_shop


@dataclass(frozen=True)
class Record:
    """What was measured, and on what."""

    machine: dict[str, str]
    measurements: tuple[Measurement, ...]

    def of(self, contender: str, orders: int) -> list[Measurement]:
        """The measurements of one contender on one shop."""
        return [each for each in self.measurements if (each.contender, each.orders) == (contender, orders)]

    def median(self, contender: str, orders: int, part: str | None = None, *, cpu: bool = True) -> float | None:
        """Median seconds of a contender (of the processor, or on the wall), or of one of its parts (on the wall)."""
        found = self.of(contender, orders)
        if part is not None:
            found_parts = [each.parts[part] for each in found if part in each.parts]
            return statistics.median(found_parts) if found_parts else None
        return statistics.median(each.cpu_seconds if cpu else each.seconds for each in found) if found else None

    def sizes(self) -> list[int]:
        """Orders of each shop, ascending."""
        return sorted({each.orders for each in self.measurements})

    def contenders(self) -> list[str]:
        """In the order they were run."""
        return list(dict.fromkeys(each.contender for each in self.measurements))

    def write(self, path: Path) -> None:
        """Write everything as JSON."""
        content = {"machine": self.machine, "measurements": [asdict(each) for each in self.measurements]}
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, paths: Iterable[Path]) -> Record:
        """The inverse of :meth:`write`; several files are one record."""
        contents = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
        measured = [Measurement(**each) for content in contents for each in content["measurements"]]
        return cls(contents[-1]["machine"], tuple(measured))


class NoFloorError(Exception):
    """The floor made other tables than the pipeline, so it is not a floor of it."""


def machine() -> dict[str, str]:
    """What the figures depend on besides the program."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": platform.system(),
        "python": platform.python_version(),
        "load_before": f"{os.getloadavg()[0]:.1f}",
        "commit": _commit(),
    }


def _commit() -> str:
    """The commit that is measured; a plus says that files were changed since."""
    command = ["git", "describe", "--always", "--dirty=+"]
    described = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return described.stdout.strip() or "unknown"


def run(folder: Path, sizes: Sequence[int], repetitions: int, contenders: Sequence[str] = tuple(CONTENDERS)) -> Record:
    """Measure every contender on every size; a size is finished before the next begins.

    Args:
        folder: For shops and everything that is made of them; can grow to some ten times the deliveries.
        sizes: Orders of each shop.
        repetitions: Rounds; in each, every contender runs once.
        contenders: Names in ``CONTENDERS``.

    Raises:
        NoFloorError: Floor and pipeline disagree.
        ContenderFailedError: One of them ended with an error.
    """
    here, measured = machine(), []
    for size in sizes:
        shop = _shop(folder / f"shop_{size}", size)
        place = Place(shop, folder / f"work_{size}")
        place.work.mkdir(parents=True, exist_ok=True)
        for _ in range(repetitions):
            for name in contenders:
                if takes_part(name, size):
                    measured.append(CONTENDERS[name](place))
                    print(f"  {size:>12,}  {name:<10} {measured[-1].seconds:8.1f} s", flush=True)
        if {"floor", "pipeline"} <= set(contenders):
            check_floor(place)
    return Record(here, tuple(measured))


def check_floor(place: Place) -> None:
    """See that the floor computed what the pipeline did.

    Raises:
        NoFloorError: Names the tables that differ and by how many rows.
    """
    differing = {name: rows for name, rows in differences(place.floor, place.home("pipeline").build).items() if rows}
    if differing:
        raise NoFloorError(f"floor and pipeline differ: {differing}")


def _shop(folder: Path, size: int) -> Shop:
    """The shop of this size; one that stands there already is the same, so it is not written again."""
    stamp = folder / "written.json"
    if not stamp.exists():
        folder.mkdir(parents=True, exist_ok=True)
        shop = write_shop(folder, size)
        stamp.write_text(json.dumps({"orders": shop.orders, "customers": shop.customers}), encoding="utf-8")
    return Shop(folder, **json.loads(stamp.read_text(encoding="utf-8")))
