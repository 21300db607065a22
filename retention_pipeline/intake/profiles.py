"""Profiles of deliveries: taken from the records of a batch, kept in the store, asked when the next ones come.

A profile counts forms of ids and orders of magnitude of amounts; it holds no id and no amount.
Belongs here: SQL. Not here: comparing (``drift``).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.store_tables import RAW_PROFILES
from retention_pipeline.intake.casting import trimmed
from retention_pipeline.intake.delivery import Delivery
from retention_pipeline.intake.drift import (
    DELIVERIES_BEFORE,
    FORM,
    LEAST_NOW,
    SIZE,
    STEPS_PER_DECADE,
    History,
    Profile,
    compare,
    form_of,
)
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.rows import STAGE, TYPED
from retention_pipeline.intake.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ByDay = dict[dt.date | None, Profile]
_OF_OTHERS = frozenset({"benchmarks", "control_totals"})
"""Sources whose numbers have many units by nature."""
MOST = 20_000
"""Records of a file that are looked at, about; of a larger one every n-th, which tells a median and a share as well."""
_LOOK_BACK = dt.timedelta(days=4 * DELIVERIES_BEFORE)
"""Days of which profiles are loaded; more than are compared, for sources that come less often than daily."""


def measure(connection: DuckDBPyConnection, contract: Contract) -> dict[int, ByDay]:
    """The profiles of the files of a batch, by number and by the day on which the records became known."""
    found: dict[int, ByDay] = defaultdict(lambda: defaultdict(lambda: defaultdict(Counter)))
    for aspect, query in _queries(contract):
        for number, day, unit, value, length, count in connection.execute(query).fetchall():
            name = f"{aspect} {unit}" if unit else aspect
            found[number][day][name][form_of(value, length) if aspect.startswith(FORM) else str(value)] += count
    return found


def _queries(contract: Contract) -> Iterator[tuple[str, str]]:
    if contract.source in _OF_OTHERS:
        return
    currency = "currency" if "currency" in contract.names else "NULL"
    for field in contract.fields:
        column = quote(field.name)
        if field.type == "customer":
            place, looked = f"{TYPED} t JOIN {STAGE} s USING (_file, _line)", trimmed(f"s.{column}")
        else:
            place, looked = f"{TYPED} t", f"t.{column}"
        if field.type == "customer" or (field.type == "text" and field.name.endswith("_id")):
            value, length, unit, aspect = _kinds("looked"), "length(looked)", "NULL", FORM
        elif field.type == "decimal":
            value, length, unit, aspect = _step("looked"), "0", currency, SIZE
        else:
            continue
        yield (
            f"{aspect} {field.name}",
            (
                f"WITH steps AS (SELECT _file, greatest(count(*) // {MOST}, 1) AS step FROM {TYPED} GROUP BY _file),"
                # materialized, or values would be looked at before it is known which of them are wanted
                f" sampled AS MATERIALIZED (SELECT _file, _known, {unit} AS unit, {looked} AS looked FROM {place}"
                " JOIN steps USING (_file) WHERE _problem IS NULL AND _line % step = 0)"
                f" SELECT _file, _known, unit, {value} AS value, {length} AS length, count(*) FROM sampled"
                " WHERE value IS NOT NULL GROUP BY ALL"
            ),
        )


def _step(amount: str) -> str:
    """SQL for the order of magnitude of an amount."""
    return f"floor({STEPS_PER_DECADE} * log10(nullif(abs({amount}), 0)))::INTEGER"


def _kinds(text: str) -> str:
    """SQL for what ``form_of`` takes. Looking for kinds is much quicker than DuckDB's changing of every letter."""
    looks = ", ".join(
        f"CASE WHEN regexp_matches({text}, '{letters}') THEN '{kind}' END"
        for letters, kind in (("[A-Z]", "A"), ("[a-z]", "a"), ("[0-9]", "9"))
    )
    return f"CASE WHEN {text} IS NOT NULL THEN concat({looks}, regexp_replace({text}, '[A-Za-z0-9]+', '', 'g')) END"


class ProfilesBefore:
    """What deliveries of a source looked like under the same mapping; new ones are compared with it and join it."""

    def __init__(
        self, connection: DuckDBPyConnection, settings: Settings, contract: Contract, mapping: str, schema: str = "raw"
    ) -> None:
        self._connection = connection
        self._source = settings.sources.configured()[contract.source]
        self._refuses = settings.limits.drift == "refuse"
        self._contract = contract
        self._joined = (
            f"{schema}.{RAW_PROFILES.name} p JOIN {schema}.deliveries d USING (delivery_id)"
            " WHERE d.source = $source AND d.mapping_hash = $mapping AND d.status = 'accepted' AND d.is_current"
            " AND d.repairs IS NULL"
        )
        self._parameters = {"source": contract.source, "mapping": mapping}
        self._is_off = settings.limits.drift == "off" or not self._is_there(schema)
        self._history: History | None = None
        self._told: dict[str, list[str]] = defaultdict(list)

    def check(self, delivery: Delivery, profiles: ByDay) -> None:
        """Compare a file with those before it, and remember it.

        Raises:
            FileRefusedError: It is unlike them, and ``limits.drift`` refuses such files.
        """
        if self._is_off or not profiles:
            return
        day = delivery.found.business_date
        said = dict(self._of_day(day, profiles) if day is not None else self._of_history(profiles))
        if said and self._refuses:
            if day is not None and self._history is not None:
                self._history.forget(day)
            raise FileRefusedError("unlike_before", "; ".join(said.values()), self._remedy(day))
        for aspect, text in said.items():
            self._told[aspect].append(f"{delivery.found.shown}: {text}; {self._remedy(day)}")

    def warnings(self) -> list[str]:
        """One line for each aspect that has changed, with the first file in which it has."""
        return [
            first + (f" (and in {len(others)} files after it)" if others else "")
            for first, *others in self._told.values()
        ]

    def _of_day(self, day: dt.date, profiles: ByDay) -> Iterator[tuple[str, str]]:
        if self._history is None:
            self._history = self._load(day)
        self._history.add(day, whole(profiles))
        return self._history.judge(day, self._source.comparable_from)

    def _of_history(self, profiles: ByDay) -> Iterator[tuple[str, str]]:
        """A file with the whole history: its last days with those before, and all of it with the file it replaces."""
        history = History()
        for day, profile in profiles.items():
            if day is not None:
                history.add(day, profile)
        if history.days:
            yield from history.judge(max(history.days), self._source.comparable_from)
        now, before = whole(profiles), self._profile_of_the_file_before()
        for aspect, counts in now.items():
            said = compare(aspect, counts, before.get(aspect, {}), before.get(aspect, {}))
            if said is not None and self._source.comparable_from is None:
                yield aspect, said

    def _remedy(self, day: dt.date | None) -> str:
        since = f'"{day}"' if day is not None else "its first day"
        return f"if it is right, write comparable_from = {since} under [sources.{self._contract.source}]"

    def _load(self, first: dt.date) -> History:
        """Profiles since some time before a day; of forms, which are few, the first day of all time."""
        history = History()
        seen = self._connection.execute(
            f"SELECT aspect, value, max(total), min(day) FILTER (total >= {LEAST_NOW}) FROM ("
            " SELECT p.aspect, p.value, d.business_date AS day,"
            " sum(p.count) OVER (PARTITION BY p.aspect, p.value ORDER BY d.business_date)::BIGINT AS total"
            f" FROM {self._joined} AND d.business_date IS NOT NULL AND starts_with(p.aspect, '{FORM}')) GROUP BY ALL",
            self._parameters,
        ).fetchall()
        for aspect, form, total, day in seen:
            history.totals[aspect][form] = total
            if day is not None:
                history.known_since[aspect][form] = day
        rows = self._connection.execute(
            f"SELECT d.business_date, p.aspect, p.value, p.count FROM {self._joined} AND d.business_date >= $since",
            {**self._parameters, "since": first - _LOOK_BACK},
        ).fetchall()
        days: dict[dt.date, Profile] = defaultdict(lambda: defaultdict(Counter))
        for day, aspect, value, count in rows:
            days[day][aspect][value] = count
        for day, profile in days.items():
            history.recall(day, profile)
        return history

    def _profile_of_the_file_before(self) -> Profile:
        rows = self._connection.execute(
            f"SELECT p.aspect, p.value, p.count FROM {self._joined} AND d.business_date IS NULL", self._parameters
        ).fetchall()
        profile: Profile = {}
        for aspect, value, count in rows:
            profile.setdefault(aspect, Counter())[value] += count
        return profile

    def _is_there(self, schema: str) -> bool:
        """Whether the store keeps profiles; one that an earlier program wrote begins to with the next intake."""
        database, _, name = schema.rpartition(".")
        return bool(
            self._connection.execute(
                "SELECT count(*) FROM duckdb_tables() WHERE schema_name = $name AND table_name = $table"
                " AND database_name = coalesce(nullif($database, ''), current_database())",
                {"name": name, "table": RAW_PROFILES.name, "database": database},
            ).fetchall()[0][0]
        )


def whole(profiles: ByDay) -> Profile:
    """The profile of a file, whatever days its records are of."""
    found: Profile = {}
    for profile in profiles.values():
        for aspect, counts in profile.items():
            found[aspect] = found.get(aspect, Counter()) + counts
    return found


def keep(connection: DuckDBPyConnection, profiles: Collection[tuple[str, Profile]]) -> None:
    """Write the profiles of deliveries, by their ids."""
    rows = [
        (name, aspect, value, count)
        for name, profile in profiles
        for aspect, counts in profile.items()
        for value, count in counts.items()
    ]
    if rows:
        connection.execute(
            f"INSERT INTO {RAW_PROFILES.qualified} SELECT unnest($1::VARCHAR[]), unnest($2::VARCHAR[]),"
            " unnest($3::VARCHAR[]), unnest($4::BIGINT[])",
            [list(column) for column in zip(*rows, strict=True)],
        )
