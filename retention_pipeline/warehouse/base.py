"""The base of an incremental build: the build file of an earlier run, as it was when that run had published.

Belongs here: what is remembered of it, and every reason not to build on it. Not here: the record itself (``build``),
what becomes of the tables (the dbt project, ``macros/engine/carrying``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from retention_pipeline.core.errors import RetentionError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.connection import connect, duckdb_errors
from retention_pipeline.warehouse.sql import quote


@dataclass(frozen=True)
class Base:
    """A published build.

    Attributes:
        fingerprint: Of its inputs.
        as_of: The date it was made for.
        rules: Fingerprint of its configuration, code, libraries and key.
        rows: Number of rows of each of its tables.
    """

    fingerprint: str
    as_of: dt.date
    rules: str
    rows: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {
            "fingerprint": self.fingerprint, "as_of": self.as_of.isoformat(), "rules": self.rules, "rows": self.rows,
        }  # fmt: skip

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Base:
        """The inverse of :meth:`to_json`."""
        return cls(content["fingerprint"], dt.date.fromisoformat(content["as_of"]), content["rules"], content["rows"])


@dataclass(frozen=True)
class Plan:
    """How a build file is made: carried on from a base, or anew and why."""

    base: Base | None
    why: str | None

    @property
    def is_incremental(self) -> bool:
        """Whether tables of the base are kept and patched."""
        return self.base is not None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"base": self.base and self.base.to_json(), "why": self.why}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Plan:
        """The inverse of :meth:`to_json`."""
        return cls(Base.from_json(content["base"]) if content["base"] else None, content["why"])


def objection(home: Home, base: Base | None, *, rules: str, as_of: dt.date) -> str | None:
    """Why a build cannot be carried on from a base; None when it can."""
    if not home.build.exists():
        return "there was no earlier build"
    if base is None:
        return "the build before was not published"
    if base.rules != rules:
        return "the configuration, the program or one of its libraries has changed"
    if as_of < base.as_of:
        return f"the build before is of a later date ({base.as_of})"
    return _damage(home, base)


def _damage(home: Home, base: Base) -> str | None:
    try:
        rows = row_counts(home)
    except RetentionError:
        return "the build before cannot be read"
    changed = sorted(name for name in {*rows, *base.rows} if rows.get(name) != base.rows.get(name))
    return f"the build before is not as it was published ({', '.join(changed[:3])})" if changed else None


def row_counts(home: Home) -> dict[str, int]:
    """How many rows each table of the build file has.

    Raises:
        RetentionError: It is missing, damaged or in use.
    """
    with connect(home.build, read_only=True) as build, duckdb_errors(home.build):
        names = build.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"
        ).fetchall()
        found = {}
        for schema, table in names:
            row = build.execute(f"SELECT count(*) FROM {quote(schema)}.{quote(table)}").fetchone()
            found[f"{schema}.{table}"] = 0 if row is None else int(row[0])
        return found
