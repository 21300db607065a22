"""The keys of a source that is read from a database instead of from files.

Belongs here: those keys and what they rule out. Not here: the keys of files (``config_sources``), connecting
(``extract``). The address and the password of the database are no keys: they come from the environment only.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

_OF_FILES = ("path", "format", "select", "encoding", "delimiter", "cadence", "complete_through", "may_lack")
_OF_DATABASES = ("table", "query", "cursor", "cursor_lookback_minutes", "timeout_seconds")
_SHOWN = 80

ColumnName = Annotated[str, StringConstraints(min_length=1, max_length=63)]
TableName = Annotated[str, StringConstraints(pattern=r"^[^.\x00]{1,63}(\.[^.\x00]{1,63})?$")]


class DatabaseKeys(BaseModel):
    """What is read from a database: all rows of a table or a query, or those changed since the last time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = ""
    kind: Literal["increment", "snapshot"] = "increment"
    database: Literal["postgresql"] | None = None
    table: TableName | None = None
    query: str | None = None
    cursor: ColumnName | None = None
    cursor_lookback_minutes: Annotated[int, Field(ge=0, le=60 * 24 * 31)] = 60
    timeout_seconds: Annotated[int, Field(ge=1, le=24 * 3600)] = 3600

    @model_validator(mode="after")
    def _from_files_or_from_a_database(self) -> Self:
        if self.database is None:
            if named := [key for key in _OF_DATABASES if key in self.model_fields_set]:
                raise ValueError(f'{named[0]} needs database = "postgresql"')
            if not self.path:
                raise ValueError('path: required key is missing (or name a database = "postgresql")')
            return self
        if named := [key for key in _OF_FILES if key in self.model_fields_set]:
            raise ValueError(f"{named[0]}: belongs to files, this source is read from a database")
        if (self.table is None) == (self.query is None):
            raise ValueError("database: name either a table or a query")
        if self.query is not None and not self.query.strip(" \t\r\n;"):
            raise ValueError("query: is empty")
        return self

    @model_validator(mode="after")
    def _cursor_follows_kind(self) -> Self:
        if self.database is not None and (self.cursor is None) != (self.kind == "snapshot"):
            raise ValueError(
                'kind: without a cursor a table is read as a whole each time; write kind = "snapshot"'
                if self.cursor is None
                else "cursor: a snapshot is the whole table, it has no cursor"
            )
        return self

    @property
    def is_database(self) -> bool:
        """Whether the source is read from a database rather than from files."""
        return self.database is not None

    @property
    def is_incremental(self) -> bool:
        """Whether a database is asked only for what changed since the last time."""
        return self.cursor is not None

    @property
    def place(self) -> str:
        """Where the source is: its path, or the table or query of the database. Never an address or a user."""
        if self.database is None:
            return self.path
        return f"{self.database}: {self.table or ' '.join(str(self.query).split())}"[:_SHOWN]
