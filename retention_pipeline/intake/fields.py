"""How a contract is written down.

Belongs here: what can be said about one contract column and about one source. Not here: the columns of the sources
(``contracts``), finding them in a file (``mapping``), turning text into values (``casting``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retention_pipeline.core.tables import Table

FieldType = Literal[
    "text", "customer", "timestamp", "date", "decimal", "word", "code", "currency", "grain", "kind", "score",
    "attribute",
]  # fmt: skip
"""``word`` belongs to a vocabulary; ``code`` is a short key, never free text; ``kind`` names a scale of feedback; a
``date`` is a calendar day of the shop, never an instant."""


@dataclass(frozen=True)
class Field:
    """One contract column."""

    name: str
    type: FieldType
    needs_column: bool = False
    """The file must have the column."""
    needs_value: bool = False
    """A record without a value is quarantined."""
    default: str | None = None
    """In words: what counts when there is no column."""
    decimals: int = 4
    """Most decimals of a number; more are not rounded away but set aside."""
    may_lie_ahead: bool = False
    """Whether a timestamp may be a date in the future, such as an end that is agreed already."""


@dataclass(frozen=True)
class Contract:
    """The columns of one source, in the order in which they are checked."""

    source: str
    table: Table
    key: tuple[str, ...]
    """What tells its records apart; empty where two equal records are two facts."""
    known_by: tuple[str, ...]
    """The timestamps that say when a record of a history file became known: the first that has a value."""
    fields: tuple[Field, ...]
    known_from: str | None = None
    """In SQL: the day on which a record of a history file without any of these timestamps became known."""
    is_timeless: bool = False
    """Whether a record may do without all of these timestamps; it is then known from the beginning."""

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in contract order."""
        return tuple(field.name for field in self.fields)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the configured segments."""
        return tuple(field.name for field in self.fields if field.type == "attribute")

    @property
    def word(self) -> str | None:
        """The column that belongs to a vocabulary; a source has one at most."""
        return next((field.name for field in self.fields if field.type == "word"), None)
