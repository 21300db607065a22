"""One expectation, ready to be evaluated, and how to put it into words.

Belongs here: plain data and text. Not here: evaluating it (``great``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ROW_COUNT = "ExpectTableRowCountToBeBetween"
ORDERED_COLUMNS = "ExpectTableColumnsToMatchOrderedList"
SQL_CHECK = "UnexpectedRowsExpectation"


_WORDS = {
    SQL_CHECK: "no rows",
    ROW_COUNT: "at least {min_value} row(s)",
    ORDERED_COLUMNS: "columns {column_list}",
    "ExpectColumnValuesToNotBeNull": "no NULL in {column}",
    "ExpectColumnValuesToBeUnique": "every {column} once",
    "ExpectColumnValuesToBeInSet": "{column} one of {value_set}",
}


@dataclass(frozen=True)
class Expectation:
    """A Great Expectations class by name, its arguments, and the check it belongs to."""

    check: str
    meaning: str
    class_name: str
    kwargs: Mapping[str, Any]

    @property
    def expected(self) -> str:
        """What the table must look like, in words."""
        if self.class_name in _WORDS:
            listed = {name: ", ".join(map(str, each)) for name, each in self.kwargs.items() if isinstance(each, list)}
            return _WORDS[self.class_name].format_map({**self.kwargs, **listed})
        return f"{self.class_name}({', '.join(f'{name}={value}' for name, value in sorted(self.kwargs.items()))})"


def types_sql(columns: Mapping[str, str]) -> str:
    """A query for the columns of ``{batch}`` whose type differs from ``columns`` (name to DuckDB type)."""
    rows = ", ".join(f"('{name}', '{type_}')" for name, type_ in columns.items())
    return (
        "select expected.column_name, expected.data_type as expected_type, actual.data_type as actual_type\n"
        f"from (values {rows}) as expected (column_name, data_type)\n"
        "left join duckdb_columns() as actual\n"
        "    on actual.database_name = current_database()\n"
        "    and actual.schema_name || '.' || actual.table_name = '{batch}'\n"
        "    and actual.column_name = expected.column_name\n"
        "where actual.data_type is distinct from expected.data_type"
    )
