"""Who is measured: the pipeline, plain dbt, the floor and pandas, each as a process of its own on the same shop.

Belongs here: how each is started and what it says of its parts. Not here: the clock (``measure``), the order of runs
(``harness``).
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Measurement, run_measured
from benchmarks.shop import DAYS, START, Shop
from retention_pipeline.core.home import Home

AS_OF = START + dt.timedelta(days=DAYS - 1)
PANDAS_LIMIT = 1_000_000
_ENVIRONMENT = {
    "RETENTION_ID_KEY": "a key that only benchmarks use",
    "RETENTION_RECEIVED_ON": str(AS_OF + dt.timedelta(1)),
}


@dataclass(frozen=True)
class Place:
    """The shop of a benchmark and a folder for what the contenders make of it."""

    shop: Shop
    work: Path

    def home(self, contender: str) -> Home:
        """The home directory of a contender that keeps one."""
        return Home(self.work / contender)

    @property
    def floor(self) -> Path:
        """The database of the floor."""
        return self.work / "floor.duckdb"


def pipeline(place: Place) -> Measurement:
    """``retention run`` in a new home: intake, all models, all gates, metrics, publication."""
    home = place.home("pipeline")
    shutil.rmtree(home.root, ignore_errors=True)
    log, taken = _run(place, "pipeline", *_retention(place, "pipeline", "run"))
    return Measurement("pipeline", place.shop.orders, *taken, parts=_parts(home, log))


def night(place: Place) -> Measurement:
    """The run after it, everything built anew: what a night takes in a home that has its caches."""
    log, taken = _run(place, "night", *_retention(place, "pipeline", "run", "--rebuild"))
    return Measurement("night", place.shop.orders, *taken, parts=_parts(place.home("pipeline"), log))


def plain_dbt(place: Place) -> Measurement:
    """The same models over the pipeline's store by dbt alone: neither tests, gates, metrics nor publication."""
    command = ("-m", "benchmarks.plain_dbt", str(place.shop.config), str(place.home("pipeline").root))
    log, taken = _run(place, "plain_dbt", *command, str(place.work / "plain_dbt"))
    return Measurement("plain dbt", place.shop.orders, *taken, parts=_last_json(log))


def floor(place: Place) -> Measurement:
    """Hand-written SQL for the main facts."""
    command = ("-m", "benchmarks.floor", str(place.shop.folder), str(place.floor), "--as-of", AS_OF.isoformat())
    log, taken = _run(place, "floor", *command)
    return Measurement("floor", place.shop.orders, *taken, parts=_last_json(log))


def pandas_reference(place: Place) -> Measurement:
    """Period facts and cohorts in pandas."""
    command = ("-m", "benchmarks.pandas_reference", str(place.shop.folder), str(place.work / "pandas"))
    log, taken = _run(place, "pandas", *command, "--as-of", AS_OF.isoformat())
    return Measurement("pandas", place.shop.orders, *taken, parts=_last_json(log))


CONTENDERS: Mapping[str, Callable[[Place], Measurement]] = {
    "floor": floor,
    "pipeline": pipeline,
    "night": night,
    "plain dbt": plain_dbt,
    "pandas": pandas_reference,
}
"""In an order that works: a night and plain dbt need the pipeline's store."""


def takes_part(contender: str, orders: int) -> bool:
    """Whether a contender can do a shop of this size."""
    return contender != "pandas" or orders <= PANDAS_LIMIT * 1.1


def _retention(place: Place, contender: str, *command: str) -> tuple[str, ...]:
    home = str(place.home(contender).root)
    return ("-m", "retention_pipeline.cli", "--config", str(place.shop.config), "--home", home, *command)


def _run(place: Place, name: str, *arguments: str) -> tuple[Path, tuple[float, float, float]]:
    log = place.work / f"{name.replace(' ', '_')}.log"
    return log, run_measured([sys.executable, *arguments], log, _ENVIRONMENT)


def _parts(home: Home, log: Path) -> dict[str, float]:
    """Seconds of each stage as the run printed them; models by what dbt said, under ``model:``."""
    found: dict[str, float] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.strip().partition("  ")
        words = rest.split()
        if len(words) >= 4 and words[1] == "s" and words[3] == "MB":
            found[name] = float(words[0])
    state = json.loads(home.build_state.read_text(encoding="utf-8"))
    for stage in ("staging", "marts"):
        models = state["stages"][stage]["detail"]["models"]
        found |= {f"model:{name}": float(seconds) for name, seconds in models.items()}
    return found


def _last_json(log: Path) -> dict[str, float]:
    text = log.read_text(encoding="utf-8").splitlines()[-1]
    return {str(name): float(seconds) for name, seconds in json.loads(text).items()}
