"""From the columns of a file to the columns of the contract.

Belongs here: the checks of the configured mapping, binding it to a header, its fingerprint. Not here: the columns of
the contract (``contracts``), what stands in them (``casting``).
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.config import FeedbackSource, OrdersSource, Settings, Source, SpendSource, TicketsSource
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.intake.contracts import CONTRACT_VERSION, contract_of
from retention_pipeline.intake.csv_file import looks_like_record, shown_names
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.identity import TRIMMED
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.select import check_select
from retention_pipeline.intake.sql import database_errors
from retention_pipeline.intake.vocabulary import STATUSES

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NOT_READ = ("path", "cadence", "complete_through", "includes", "may_lack", "comparable_from")
_OF_DATABASES = ("database", "table", "query", "cursor", "cursor_lookback_minutes", "timeout_seconds")
_ASKED_FOR = ("database", "table", "query", "cursor")


class MissingColumnsError(FileRefusedError):
    """The header lacks columns that the contract needs."""

    def __init__(self, missing: tuple[str, ...], detail: str, remedy: str) -> None:
        super().__init__("missing_column", detail, remedy)
        self.missing = missing


@dataclass(frozen=True)
class Binding:
    """Where each contract column is found in one header."""

    columns: dict[str, str]
    """Contract column to source column; a column that is neither mapped nor present is left out."""
    unread: tuple[str, ...]
    """Columns of the file that nothing asks for; they are never stored."""


def check_mapping(connection: DuckDBPyConnection, settings: Settings, contract: Contract) -> None:
    """Check what the configuration says about one source, before any file is opened.

    Raises:
        ConfigError: Names file, key and remedy.
    """
    source = settings.sources.configured()[contract.source]
    where = f"{settings.config_path}: sources.{contract.source}"
    _check_names(contract, source, where)
    if source.delimiter in '"\r\n\0':
        raise ConfigError(f"{where}.delimiter: {source.delimiter!r} cannot separate columns")
    if isinstance(source, OrdersSource):
        _check_statuses(settings, source, where)
    if isinstance(source, FeedbackSource):
        if not source.scales:
            raise ConfigError(f"{where}.scales: at least one kind of feedback must be described")
        _check_case(source.scales, f"{where}.scales")
    if isinstance(source, TicketsSource | SpendSource):
        _check_case(source.kinds, f"{where}.kinds")
    _check_timestamp_format(connection, source, where)
    if source.select is not None:
        check_select(connection, source.select, f"{where}.select")


def _check_names(contract: Contract, source: Source, where: str) -> None:
    for name in source.columns:
        if name not in contract.names:
            raise ConfigError(f"{where}.columns.{name}: no such contract column" + _unknown(contract, name))
    for name in source.may_lack:
        if name not in contract.names:
            raise ConfigError(f"{where}.may_lack: {name!r} is no contract column" + _unknown(contract, name))


def _unknown(contract: Contract, name: str) -> str:
    close = difflib.get_close_matches(name, contract.names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "; they are " + ", ".join(contract.names)
    segment = " (a customer attribute must also stand in shop.segments)" if contract.source == "customers" else ""
    return hint + segment


def _check_statuses(settings: Settings, source: OrdersSource, where: str) -> None:
    for word, meaning in source.status.items():
        if meaning not in STATUSES:
            raise ConfigError(f"{where}.status.{word}: {meaning!r} {_no_status(meaning)}")
    _check_case(source.status, f"{where}.status")
    for status in settings.shop.excluded_statuses:
        if status not in STATUSES:
            raise ConfigError(f"{settings.config_path}: shop.excluded_statuses: {status!r} {_no_status(status)}")


def _no_status(word: str) -> str:
    close = difflib.get_close_matches(word, STATUSES, n=1)
    return f"is not one of {', '.join(STATUSES)}" + (f"; did you mean {close[0]!r}?" if close else "")


def _check_case(words: Iterable[str], where: str) -> None:
    seen: dict[str, str] = {}
    for word in words:
        other = seen.setdefault(word.strip(TRIMMED).lower(), word)
        if other != word:
            raise ConfigError(f"{where}: {other!r} and {word!r} differ by case only, which is not told apart")


def _check_timestamp_format(connection: DuckDBPyConnection, source: Source, where: str) -> None:
    text = source.timestamp_format
    if text in {"iso", "epoch_s", "epoch_ms"}:
        return
    remedy = 'use "iso", "epoch_s", "epoch_ms" or a pattern such as "%d.%m.%Y %H:%M"'
    if "%" not in text:
        raise ConfigError(f"{where}.timestamp_format: {text!r} is not a format", remedy=remedy)
    try:
        connection.execute("SELECT try_strptime('', ?)", [text]).fetchall()
    except database_errors(connection) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(f"{where}.timestamp_format: {text!r}: {first}", remedy=remedy) from None


def bind(contract: Contract, source: Source, header: Sequence[str]) -> Binding:
    """Find the contract's columns in a header, by name.

    Raises:
        MissingColumnsError: A mapped column, or one the contract needs, is not there.
    """
    present = set(header)
    columns: dict[str, str] = {}
    problems: dict[str, str] = {}
    for field in contract.fields:
        wanted = source.columns.get(field.name, field.name)
        wanted = wanted if wanted in present else wanted.strip()  # names of a CSV file have lost their blanks
        if wanted in present:
            columns[field.name] = wanted
        elif field.name in source.columns:
            problems[field.name] = f"{wanted!r} (for {field.name})"
        elif field.needs_column:
            problems[field.name] = f"{wanted!r}"
    if problems:
        listed = shown_names(header)
        name, first = next(iter(problems)), source.columns.get(next(iter(problems)), next(iter(problems)))
        close = [] if looks_like_record(header) else difflib.get_close_matches(first, header, n=1, cutoff=0.5)
        example = f'{name} = "{close[0] if close else "<column of the file>"}"'
        raise MissingColumnsError(
            tuple(problems),
            f"no column {', '.join(problems.values())}; {listed}",
            f"write {example} under [sources.{contract.source}.columns], or deliver the column again",
        )
    read = set(columns.values())
    return Binding(columns, tuple(name for name in header if name and name not in read))


def mapping_hash(settings: Settings, name: str) -> str:
    """Fingerprint of every configuration key that changes what is read from a file of this source."""
    source = settings.sources.configured()[name]
    keys: dict[str, object] = {
        "contract": CONTRACT_VERSION,
        "source": source.model_dump(mode="json", exclude={*_NOT_READ, *_OF_DATABASES}),
        "is_dated": source.is_dated,
        "timezone": settings.shop.timezone,
        "currency": settings.shop.currency,
        "any_currency": "currency" in contract_of(settings, name).names and settings.sources.fx_rates is not None,
        "segments": settings.shop.segments if name == "customers" else (),
        "earliest_date": settings.limits.earliest_date,
    }
    if name == "control_totals":
        keys["week_start"] = settings.shop.week_start
    if source.is_database:
        keys["database"] = [getattr(source, key) for key in _ASKED_FOR]
    return hashlib.sha256(json.dumps(keys, sort_keys=True, default=str).encode()).hexdigest()
