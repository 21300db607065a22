"""The settings of one shop: ``retention.toml`` and the environment, frozen and validated.

Belongs here: finding the file, reading it, checking it as a whole. Not here: the single keys (``config_schema``),
anything that acts on a setting.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from retention_pipeline.config_alerts import SECRET_VARIABLES, Alerts, Smtp
from retention_pipeline.config_operations import Environment, Schedule, current_environment
from retention_pipeline.config_schema import Build, Limits, Publish, Rfm, Shop
from retention_pipeline.config_sources import (
    CustomersSource,
    FeedbackSource,
    OrdersSource,
    Scale,
    Section,
    Source,
    Sources,
    SpendSource,
    TicketsSource,
)
from retention_pipeline.core.errors import ConfigError, StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.core.memory import MEMORY_LIMIT, is_size

__all__ = [
    "Alerts",
    "CustomersSource",
    "Environment",
    "FeedbackSource",
    "Limits",
    "OrdersSource",
    "Publish",
    "Rfm",
    "Scale",
    "Schedule",
    "Settings",
    "Shop",
    "Smtp",
    "Source",
    "Sources",
    "SpendSource",
    "TicketsSource",
    "current_environment",
    "demo_where_nothing_is_chosen",
    "load_settings",
]

DEFAULT_FILE = "retention.toml"
DEMO_FILE = Path(".demo") / DEFAULT_FILE
ENVIRONMENT_VARIABLES = SECRET_VARIABLES | frozenset(
    {
        "RETENTION_CONFIG",
        "RETENTION_HOME",
        "RETENTION_ID_KEY",
        "RETENTION_FAILPOINT",
        "RETENTION_RECEIVED_ON",
        MEMORY_LIMIT,
    }
    | {"RETENTION_ENVIRONMENT", "RETENTION_POSTGRES_DSN"}
)


class Settings(Section):
    """Everything the pipeline needs to know about one shop."""

    shop: Shop
    sources: Sources
    limits: Limits = Limits()
    build: Build = Build()
    publish: Publish = Publish()
    schedule: Schedule = Schedule()
    rfm: Rfm | None = None
    alerts: Alerts = Alerts()
    home_dir: Path = Field(exclude=True)
    config_path: Path = Field(exclude=True)

    @model_validator(mode="after")
    def _segments_have_a_source(self) -> Self:
        if self.shop.segments and self.sources.customers is None:
            raise ValueError("shop.segments needs [sources.customers], where the attributes come from")
        return self

    @model_validator(mode="after")
    def _rfm_follows_grains(self) -> Self:
        if self.rfm is not None and self.rfm.grain not in self.shop.grains:
            raise ValueError(f"rfm.grain: {self.rfm.grain!r} is not among shop.grains")
        return self

    @model_validator(mode="after")
    def _due_hours_have_a_source(self) -> Self:
        self.alerts.check_sources(self.sources.configured())
        return self

    @property
    def derived_segments(self) -> tuple[str, ...]:
        """The wanted derived segments that this shop has the inputs for."""
        possible = {
            "new_returning": True,
            "nps_group": self.sources.feedback is not None,
            "rfm": self.rfm is not None,
        }
        return tuple(name for name in self.shop.derived_segments if possible[name])

    @property
    def home(self) -> Home:
        """The layout of the home directory."""
        return Home(self.home_dir)

    def resolve(self, path: str) -> Path:
        """A path of the configuration, relative to the configuration's own folder."""
        return (self.config_path.parent / path).resolve()


def load_settings(config: Path | None = None, home: Path | None = None) -> Settings:
    """Read and validate the configuration.

    Args:
        config: The file; else ``RETENTION_CONFIG``, else ``retention.toml`` in the working directory.
        home: The home directory; else ``RETENTION_HOME``, else ``home`` in the file, else ``.retention`` beside it.

    Raises:
        StorageError: The home directory is a link that leads nowhere.
        ConfigError: Names the file, the key and the remedy.
    """
    _check_environment()
    path = Path(config or os.environ.get("RETENTION_CONFIG") or DEFAULT_FILE).resolve()
    table = _read_toml(path)
    from_file = table.pop("home", None)
    if from_file is not None and not isinstance(from_file, str):
        raise ConfigError(f"{path}: home: must be a path in quotes")
    explicit = home or os.environ.get("RETENTION_HOME")
    named = Path(explicit) if explicit else path.parent / (from_file or ".retention")
    if named.is_symlink() and not named.exists():  # a new home in the place of an unmounted disk would be worse
        raise StorageError(
            f"{named} leads to {named.readlink()}, which does not exist", remedy="is a disk not mounted?"
        )
    chosen = named.resolve()
    _refuse_nul(path, table)
    for reserved in ("home_dir", "config_path"):
        if reserved in table:
            raise ConfigError(f"{path}: {reserved}: unknown key")
    try:
        return Settings.model_validate({**table, "home_dir": chosen, "config_path": path})
    except ValidationError as error:
        raise ConfigError("\n".join(_describe(path, problem) for problem in error.errors())) from None


def demo_where_nothing_is_chosen() -> Path | None:
    """The demo shop of ``make run``, unless the environment or the working directory name a shop."""
    chosen = os.environ.get("RETENTION_CONFIG") or Path(DEFAULT_FILE).exists()
    return DEMO_FILE if not chosen and DEMO_FILE.exists() else None


def _check_environment() -> None:
    for name in sorted(os.environ):
        if name.startswith("RETENTION_") and name not in ENVIRONMENT_VARIABLES:
            raise ConfigError(
                f"environment variable {name} is not known",
                remedy="unset it, or use one of " + ", ".join(sorted(ENVIRONMENT_VARIABLES)),
            )
    limit = os.environ.get(MEMORY_LIMIT)
    if limit and not is_size(limit):
        raise ConfigError(f"{MEMORY_LIMIT}: {limit!r} is not an amount of memory", remedy="write it like 6GB or 800MiB")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such configuration file",
            remedy="name one with --config or RETENTION_CONFIG; `retention demo DIR` writes a working example",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None


def _refuse_nul(path: Path, value: Any, key: str = "") -> None:
    """No name of a file, a column or a word holds a NUL; databases and the operating system would cut it there."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_nul(path, name, key)
            _refuse_nul(path, inner, f"{key}.{name}".removeprefix("."))
    elif isinstance(value, list):
        for inner in value:
            _refuse_nul(path, inner, key)
    elif isinstance(value, str) and "\0" in value:
        raise ConfigError(f"{path}: {key or 'a key'}: holds a NUL character", remedy="write the text without it")


def _describe(path: Path, problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    where = f"{path}: {key}" if key else f"{path}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown key; docs/configuration.md lists the keys"
    elif problem["type"] == "missing":
        message = "required key is missing"
    return f"{where}: {message[0].lower() + message[1:]}"
