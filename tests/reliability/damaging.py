"""Damage by chance, and what DuckDB alone makes of it."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb

FLIP, CUT = "bits flipped", "truncations"
SAME, WRONG, ERROR, DIED = "read as if whole", "read wrongly", "refused", "process died"


def damages(data: bytes, kind: str, count: int, seed: int) -> Iterator[bytes]:
    """One bit flipped somewhere, or the end cut off somewhere, each time anew."""
    chance = random.Random(seed)
    for _ in range(count):
        if kind == FLIP:
            at = chance.randrange(len(data))
            yield data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        else:
            yield data[: chance.randrange(len(data))]


def content_of_database(path: Path) -> Any:
    """Row count and a fingerprint of every table of a DuckDB file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        return [
            connection.execute(f'select count(*), sum(hash(t)::hugeint) from "{schema}"."{table}" t').fetchall()
            for schema, table in tables
        ]


def content_of_parquet(path: Path) -> Any:
    with duckdb.connect() as connection:
        return connection.execute(f"select count(*), sum(hash(t)::hugeint) from read_parquet('{path}') t").fetchall()


def content_of_json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def without_checksums(read: Callable[[Path], Any], source: str, kind: str, count: int, seed: int, result: str) -> None:
    """In a child process: read damaged copies with nothing but the reader's own care; write what came out as JSON.

    Each copy is read in a fork, since a damaged file can end the process that reads it.
    """
    whole, copy = read(Path(source)), Path(result).with_suffix(".copy")
    copy.write_bytes(Path(source).read_bytes())
    assert read(copy) == whole
    outcomes: Counter[str] = Counter()
    for data in damages(Path(source).read_bytes(), kind, count, seed):
        copy.write_bytes(data)
        child = os.fork()
        if child == 0:
            code = 2
            try:
                code = 0 if read(copy) == whole else 1
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        outcomes[{0: SAME, 1: WRONG, 2: ERROR}.get(code, DIED)] += 1
    Path(result).write_text(json.dumps(outcomes), encoding="utf-8")
