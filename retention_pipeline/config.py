"""The settings of one shop: ``retention.toml`` and the environment, frozen and validated.

Belongs here: every key a user can write, its default, its meaning, its error message.
Not here: anything that acts on a setting.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.home import Home
from retention_pipeline.core.periods import GRAINS, Grain

DEFAULT_FILE = "retention.toml"
ENVIRONMENT_VARIABLES = frozenset(
    {"RETENTION_CONFIG", "RETENTION_HOME", "RETENTION_ID_KEY", "RETENTION_FAILPOINT", "RETENTION_RECEIVED_ON"}
)

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
_DATE_FIELD = re.compile(r"\{date(?::([^}]*))?\}")
RESERVED_SEGMENTS = frozenset({"all", "customer_id", "created_at", "updated_at"})


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is not an IANA time zone such as 'Europe/Berlin'")
    return name


class Shop(_Model):
    """``[shop]``: what the business is and how its time is cut."""

    name: str
    timezone: str
    currency: CurrencyCode
    activity_window_days: Annotated[int, Field(ge=1, le=3650)] = 90
    grains: tuple[Grain, ...] = ("week", "month", "quarter", "year")
    cohort_grains: tuple[Grain, ...] | None = None
    open_ended_cohorts: bool = False
    week_start: Literal["monday", "sunday", "saturday"] = "monday"
    segments: tuple[Name, ...] = ()
    min_cell_size: Annotated[int, Field(ge=1)] = 5
    excluded_statuses: tuple[str, ...] = ("cancelled", "void", "test", "fraud")
    minimum_amount: Annotated[float, Field(ge=0)] = 0.0

    _zone = field_validator("timezone")(_known_zone)

    @field_validator("grains", "cohort_grains")
    @classmethod
    def _ordered(cls, value: tuple[Grain, ...] | None) -> tuple[Grain, ...] | None:
        if value is None:
            return None
        if not value:
            raise ValueError("at least one of " + ", ".join(GRAINS))
        return tuple(grain for grain in GRAINS if grain in value)

    @field_validator("segments")
    @classmethod
    def _not_reserved(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name in RESERVED_SEGMENTS:
                raise ValueError(f"{name!r} is reserved")
        if len(set(value)) != len(value):
            raise ValueError("a segment is named twice")
        return value

    @model_validator(mode="after")
    def _cohorts_follow_grains(self) -> Self:
        if self.cohort_grains is None:
            coarse = tuple(grain for grain in self.grains if grain not in {"day", "week"})
            object.__setattr__(self, "cohort_grains", coarse or self.grains[-1:])
        elif missing := [grain for grain in self.cohort_grains if grain not in self.grains]:
            raise ValueError(f"cohort_grains: {missing[0]!r} is not among grains")
        return self


class Source(_Model):
    """``[sources.<name>]``: where one source's files are and how their columns map to the contract."""

    path: str
    format: Literal["csv", "parquet"] | None = None
    kind: Literal["increment", "snapshot"] = "increment"
    cadence: Literal["daily", "irregular"] = "daily"
    complete_through: dt.date | None = None
    select: str | None = None
    columns: dict[str, str] = {}
    timestamp_format: str = "iso"
    timezone: str | None = None
    encoding: Literal["utf-8", "latin-1", "utf-16"] = "utf-8"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str | None) -> str | None:
        return value if value is None else _known_zone(value)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(_DATE_FIELD.findall(self.path)) > 1:
            raise ValueError("path: {date} may stand once")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same character")
        if self.format is None:
            suffix = Path(self.path).suffix.lower()
            if suffix not in {".csv", ".parquet"}:
                raise ValueError(f'path: cannot tell the format of {self.path!r}; add format = "csv" or "parquet"')
            object.__setattr__(self, "format", suffix[1:])
        return self

    @property
    def is_dated(self) -> bool:
        """Whether there is one file per business date (``{date}`` in the path) rather than one history file."""
        return _DATE_FIELD.search(self.path) is not None

    @property
    def date_format(self) -> str:
        """The ``strftime`` format of ``{date}`` in the path."""
        found = _DATE_FIELD.search(self.path)
        return (found.group(1) if found else None) or "%Y-%m-%d"

    def split_path(self) -> tuple[str, str]:
        """The path before and after ``{date}``; the whole path and ``""`` for a history file."""
        before, *rest = _DATE_FIELD.sub("\0", self.path).split("\0")
        return before, rest[0] if rest else ""


class OrdersSource(Source):
    """``[sources.orders]``; ``status`` maps the shop's words to the vocabulary of ``intake.contracts``."""

    status: dict[str, str] = {}


class CustomersSource(Source):
    """``[sources.customers]``; each configured segment is a further entry of ``columns``."""


class Scale(_Model):
    """What a score of one kind of feedback measures, and between which ends."""

    measure: Literal["nps", "csat", "thumbs", "effort"]
    min: float
    max: float

    @model_validator(mode="after")
    def _shape(self) -> Self:
        fixed = {"nps": (0.0, 10.0), "thumbs": (0.0, 1.0)}
        if self.measure in fixed and (self.min, self.max) != fixed[self.measure]:
            low, high = fixed[self.measure]
            raise ValueError(f"{self.measure} is defined on {low:g} to {high:g}; another scale is csat or effort")
        if self.min >= self.max:
            raise ValueError("min must lie below max")
        return self


class FeedbackSource(Source):
    """``[sources.feedback]``; ``scales`` says what each value of the ``kind`` column measures."""

    scales: dict[str, Scale] = {
        "nps": Scale(measure="nps", min=0, max=10),
        "csat": Scale(measure="csat", min=1, max=5),
        "thumbs": Scale(measure="thumbs", min=0, max=1),
    }


class Sources(_Model):
    """``[sources]``: orders are required; a source that is not configured makes its metrics ``source_absent``."""

    orders: OrdersSource
    customers: CustomersSource | None = None
    feedback: FeedbackSource | None = None

    def configured(self) -> dict[str, Source]:
        """The configured sources by name, in the order they are read."""
        found = {"orders": self.orders, "customers": self.customers, "feedback": self.feedback}
        return {name: source for name, source in found.items() if source is not None}


class Limits(_Model):
    """``[limits]``: from where on an input is refused rather than repaired."""

    max_quarantined_share: Annotated[float, Field(ge=0, le=1)] = 0.05
    earliest_date: dt.date = dt.date(1990, 1, 1)


class Publish(_Model):
    """``[publish]``: how many published versions are kept."""

    keep_versions: Annotated[int, Field(ge=2)] = 10


class Settings(_Model):
    """Everything the pipeline needs to know about one shop."""

    shop: Shop
    sources: Sources
    limits: Limits = Limits()
    publish: Publish = Publish()
    home_dir: Path = Field(exclude=True)
    config_path: Path = Field(exclude=True)

    @model_validator(mode="after")
    def _segments_have_a_source(self) -> Self:
        if self.shop.segments and self.sources.customers is None:
            raise ValueError("shop.segments needs [sources.customers], where the attributes come from")
        return self

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
        ConfigError: Names the file, the key and the remedy.
    """
    _check_environment()
    path = Path(config or os.environ.get("RETENTION_CONFIG") or DEFAULT_FILE).resolve()
    table = _read_toml(path)
    from_file = table.pop("home", None)
    if from_file is not None and not isinstance(from_file, str):
        raise ConfigError(f"{path}: home: must be a path in quotes")
    explicit = home or os.environ.get("RETENTION_HOME")
    chosen = Path(explicit).resolve() if explicit else (path.parent / (from_file or ".retention")).resolve()
    for reserved in ("home_dir", "config_path"):
        if reserved in table:
            raise ConfigError(f"{path}: {reserved}: unknown key")
    try:
        return Settings.model_validate({**table, "home_dir": chosen, "config_path": path})
    except ValidationError as error:
        raise ConfigError("\n".join(_describe(path, problem) for problem in error.errors())) from None


def _check_environment() -> None:
    for name in sorted(os.environ):
        if name.startswith("RETENTION_") and name not in ENVIRONMENT_VARIABLES:
            raise ConfigError(
                f"environment variable {name} is not known",
                remedy="unset it, or use one of " + ", ".join(sorted(ENVIRONMENT_VARIABLES)),
            )


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


def _describe(path: Path, problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    where = f"{path}: {key}" if key else f"{path}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown key"
    elif problem["type"] == "missing":
        message = "required key is missing"
    return f"{where}: {message[0].lower() + message[1:]}"
