from __future__ import annotations

import resource
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import pytest

from retention_pipeline.core.errors import BusyError, CorruptFileError, StorageError
from retention_pipeline.warehouse.connection import connect, create, duckdb_errors, release_process_caches
from tests.warehouse.support import pipe, start


def keep_open(path: Path, told: Connection) -> None:
    """In a child process: keep a database open until told otherwise."""
    with connect(path):
        told.send("open")
        told.recv()


def test_every_connection_speaks_utc_and_downloads_nothing(tmp_path: Path) -> None:
    settings = "select current_setting('TimeZone'), current_setting('autoinstall_known_extensions')"
    connect(tmp_path / "a.duckdb").close()
    for connection in (connect(None), connect(tmp_path / "a.duckdb")):
        with connection:
            assert connection.execute(settings).fetchone() == ("UTC", False)


def test_a_file_that_only_this_installation_reads_is_of_the_newest_format(tmp_path: Path) -> None:
    create(tmp_path / "it's.duckdb")
    with connect(tmp_path / "it's.duckdb") as made, connect(tmp_path / "other.duckdb") as other:
        formats = [
            each.execute("select tags['storage_version'] from duckdb_databases() where not internal").fetchone()
            for each in (made, other)
        ]
    assert formats == [("v1.5.0+",), ("v1.0.0+",)]


def test_a_file_in_use_by_another_process_is_busy_and_names_it(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    here, there = pipe()
    child = start(keep_open, path, there)
    here.recv()
    with pytest.raises(BusyError, match=rf"a\.duckdb is in use by process {child.pid}"):
        connect(path)
    here.send("done")
    child.join(60)
    with connect(path), pytest.raises(BusyError, match="another connection of this process"):
        connect(path, read_only=True)


def test_a_missing_or_unreachable_file_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        connect(tmp_path / "a.duckdb", read_only=True)
    with pytest.raises(StorageError, match="No such file or directory"):
        connect(tmp_path / "nowhere" / "a.duckdb")
    with pytest.raises(StorageError, match="directory"):
        connect(tmp_path)


@pytest.mark.parametrize("position", [8, 4096 + 100, None], ids=["header", "block", "truncated"])
def test_a_damaged_file_is_recognised(tmp_path: Path, position: int | None) -> None:
    path = tmp_path / "a.duckdb"
    with connect(path) as connection:
        connection.execute("create table t as select range from range(100000)")
    data = bytearray(path.read_bytes())
    if position is None:
        del data[len(data) // 2 :]
    else:
        data[position] ^= 1
    path.write_bytes(data)
    with pytest.raises(CorruptFileError, match=r"a\.duckdb is damaged"), duckdb_errors(path), connect(path) as again:
        again.execute("select sum(range) from t").fetchall()


def test_a_full_disk_is_a_storage_error(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    connection = connect(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(StorageError, match="no space left"), duckdb_errors(path):
            connection.execute("create table t as select random() from range(1000000); checkpoint")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        connection.close()


def test_too_little_memory_is_a_storage_error_that_says_so() -> None:
    with connect(None) as connection:
        connection.execute("set memory_limit = '20MB'")
        connection.execute("set max_temp_directory_size = '1MB'")
        with pytest.raises(StorageError, match="not enough memory"), duckdb_errors(None):
            connection.execute("create table t as select md5(range::varchar) from range(3000000)")


@pytest.mark.parametrize(
    "sql", ["selec", "select corrupt from range(1)", "select 'checksum'::int", "select error('no space left')"]
)
def test_an_error_in_a_query_is_not_taken_for_a_damaged_file(sql: str) -> None:
    with connect(None) as connection, pytest.raises(duckdb.Error), duckdb_errors(None):
        connection.execute(sql)


def test_a_connection_that_dbt_left_open_is_closed(tmp_path: Path) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.adapters.duckdb.environments.local import LocalEnvironment

    path = tmp_path / "a.duckdb"
    environment = LocalEnvironment(DuckDBCredentials(database="a", schema="main", path=str(path)))
    environment.handle().cursor().execute("create table t as select 1")
    DuckDBConnectionManager._ENV = environment
    with pytest.raises(BusyError):
        connect(path, read_only=True)
    release_process_caches()
    assert DuckDBConnectionManager._ENV is None
    with connect(path, read_only=True) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (1,)


def test_there_is_nothing_to_release_where_dbt_did_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dbt.adapters.duckdb.connections", raising=False)
    release_process_caches()
    assert "dbt.adapters.duckdb.connections" not in sys.modules
