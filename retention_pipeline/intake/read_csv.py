"""The fast reader: many CSV files with one header in one statement.

Belongs here: plain files (record k on line k + 1). Not here: everything else about CSV (``read_exact``), values
(``casting``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retention_pipeline.intake.csv_file import CsvFile
from retention_pipeline.intake.sql import database_errors, exact_path, is_out_of_space, literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_READ = "intake_read"
STRICT = (
    "auto_detect = false, quote = '\"', escape = '\"', strict_mode = true, null_padding = false,"
    " compression = 'none', nullstr = '', hive_partitioning = false"
)


def read_plain(
    connection: DuckDBPyConnection,
    files: Mapping[int, CsvFile],
    columns: Mapping[str, str],
    delimiter: str,
    into: str,
) -> set[int]:
    """Append the records of plain files with equal headers to ``into`` (_file, _line, one column per entry).

    A record with fewer fields than the header, or with more, is skipped by the reader; the count of its file then falls
    short of the count from the bytes, and nothing of that file is appended. One more field that is blank is not
    noticed by the reader, but by the count of delimiters, which makes a file not plain.

    Args:
        connection: The store.
        files: Files by number; all have the same header and line ends.
        columns: Column of ``into`` to column of the header.
        delimiter: The delimiter.
        into: A temporary table.

    Returns:
        The numbers of the files that were read completely; the others are for the exact reader.
    """
    header = next(iter(files.values())).header
    types = "{" + ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(header))) + "}"
    cells = [f"c{header.index(name)}" for name in columns.values()]
    wanted = ", ".join(["filename", *dict.fromkeys(cells)])
    try:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_READ} AS SELECT {wanted} FROM read_csv($paths, {STRICT},"
            f" columns = {types}, header = true, delim = {literal(delimiter)}, filename = true, ignore_errors = true)",
            {"paths": [exact_path(file.text_path) for file in files.values()]},
        )
    except database_errors(connection) as error:
        if is_out_of_space(connection, error):
            raise
        return set()
    counted = _count(connection, files)
    complete = {number for number, file in files.items() if counted.get(number, 0) == file.records}
    if any(files[number].records for number in complete):
        connection.execute(
            f"INSERT INTO {into} (_file, _line, {', '.join(map(quote, columns))})"
            f" SELECT f._file, r.rowid - f.first_row + 2, {', '.join(f'r.{cell}' for cell in cells)}"
            f" FROM {_READ} r JOIN {_READ}_files f USING (filename) WHERE list_contains($complete, f._file)",
            {"complete": sorted(complete)},
        )
    connection.execute(f"DROP TABLE {_READ}; DROP TABLE {_READ}_files")
    return complete


def _count(connection: DuckDBPyConnection, files: Mapping[int, CsvFile]) -> dict[int, int]:
    """Rows read per file; the table kept beside them says where each file's rows begin."""
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_READ}_files AS"
        " WITH named AS (SELECT unnest($numbers) AS _file, unnest($paths) AS filename)"
        f" SELECT _file, filename, min(rowid) AS first_row, count(*) AS row_count FROM {_READ}"
        " JOIN named USING (filename) GROUP BY ALL",
        {"numbers": list(files), "paths": [str(file.text_path) for file in files.values()]},
    )
    return dict(connection.execute(f"SELECT _file, row_count FROM {_READ}_files").fetchall())
