"""Pieces of SQL text.

Belongs here: quoting. Values are bound wherever DuckDB allows it; these are for where it does not.
"""

from __future__ import annotations

import datetime as dt


def quote(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text literal in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"


def joined(expressions: tuple[str, ...]) -> str:
    """Several values as one text in which NULL differs from the empty text; NULL where there are none."""
    parts = [
        f"coalesce(length(cast({each} as varchar)) || ':' || cast({each} as varchar), '-')" for each in expressions
    ]
    return " || ".join(parts) if parts else "cast(null as varchar)"


def first_or(day: dt.date | None) -> str:
    """A date as SQL; before all time where there is none."""
    return f"date {literal(day)}" if day is not None else "date '0001-01-01'"
