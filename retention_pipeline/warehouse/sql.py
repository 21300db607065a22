"""Pieces of SQL text.

Belongs here: quoting. Values are bound wherever DuckDB allows it; these are for where it does not.
"""

from __future__ import annotations


def quote(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A text literal in single quotes."""
    return "'" + str(text).replace("'", "''") + "'"
