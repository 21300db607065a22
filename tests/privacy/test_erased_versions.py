"""What an erasure means for published versions and for the ledger, on small tables of their own."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from retention_pipeline.core.history_tables import METRIC_RESTATEMENTS
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.ledger.withholding import withheld_sql, withhold_before
from retention_pipeline.warehouse.read import open_published
from tests.warehouse.support import numbers_in, publish_number


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def kept_flags(home: Home) -> dict[str, bool]:
    with open_published(home) as published:
        return dict(published.execute("select version, is_kept from _versions").fetchall())


def test_a_version_after_an_erasure_removes_all_before_it_protected_or_not(home: Home) -> None:
    for number, definitions in ((1, "old"), (2, "new"), (3, "new")):
        publish_number(home, number, keep=5, config_hash=definitions)
    assert len(versions.version_names(home)) == 3
    published = publish_number(home, 4, keep=5, config_hash="new", erasures=1)
    assert versions.version_names(home) == ["v000004"]
    assert published.collected == ("v000001", "v000002", "v000003")
    assert kept_flags(home) == {"v000001": False, "v000002": False, "v000003": False, "v000004": True}
    publish_number(home, 5, keep=5, config_hash="new", erasures=1)
    assert versions.version_names(home) == ["v000004", "v000005"]


def test_the_same_content_is_published_again_when_somebody_was_erased(home: Home) -> None:
    publish_number(home, 1)
    assert publish_number(home, 1).unchanged
    again = publish_number(home, 1, erasures=1)
    assert not again.unchanged
    assert versions.version_names(home) == [again.version] == ["v000002"]
    assert publish_number(home, 1, erasures=1).unchanged


def test_a_damaged_version_from_before_goes_too(home: Home) -> None:
    for number in (1, 2):
        publish_number(home, number)
    (home.published / "v000001" / "manifest.json").write_text("{}", encoding="utf-8")
    publish_number(home, 3, erasures=1)
    assert versions.version_names(home) == ["v000003"]


def test_a_publication_that_fails_leaves_the_version_from_before(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_number(home, 1)
    monkeypatch.setenv("RETENTION_FAILPOINT", "publish.before_swap:raise")
    with pytest.raises(RuntimeError, match="failpoint"):
        publish_number(home, 2, erasures=1)
    monkeypatch.delenv("RETENTION_FAILPOINT")
    assert numbers_in(home) == {1}
    publish_number(home, 2, erasures=1)
    assert (numbers_in(home), versions.version_names(home)) == ({2}, ["v000003"])


def ledger_row(connection: duckdb.DuckDBPyConnection, table: str, version: str, start: str, causes: str) -> None:
    """A row about revenue in a month that began then; from 10 to 8."""
    texts = {"version": version, "metric": "revenue", "variant": "gross", "basis": "calendar", "grain": "month",
             "calendar": "gregorian", "segment_set": "all", "segment_key": "all", "causes": causes,
             "cause": causes.split(", ", maxsplit=1)[0], "old_status": "final", "new_status": "final"}  # fmt: skip
    columns = {name: f"'{text}'" for name, text in texts.items()}
    columns |= {"period_start": f"date '{start}'", "period_end": f"date '{start}' + 31"}
    columns |= {f"old_{name}": "10" for name in ("numerator", "denominator", "value", "n", "ci_low", "ci_high")}
    columns |= {f"new_{name}": "8" for name in ("numerator", "denominator", "value", "n", "ci_low", "ci_high")}
    connection.execute(f"insert into {table} ({', '.join(columns)}) values ({', '.join(columns.values())})")


def test_the_ledger_keeps_the_cell_and_the_cause_and_gives_no_number_from_before() -> None:
    with duckdb.connect() as connection:
        listed = ", ".join(f"{column.name} {column.type}" for column in METRIC_RESTATEMENTS.columns)
        for table in ("ledger_rows", "former"):
            connection.execute(f"create temp table {table} ({listed})")
        ledger_row(connection, "ledger_rows", "v3", "2024-01-01", "erasure, late_order")
        ledger_row(connection, "former", "v2", "2024-01-01", "late_order")
        ledger_row(connection, "former", "v2", "2024-02-01", "late_order")
        withhold_before(connection)
        sides = "old_value, old_n, old_numerator, old_ci_high, old_status, new_value, new_status"
        assert connection.execute(f"select {sides} from ledger_rows").fetchall() == [
            (None, None, None, None, "suppressed", 8, "final")
        ]
        earlier = withheld_sql("select * from former")
        described = connection.execute(f"describe {earlier}").fetchall()
        assert [name for name, *_ in described] == list(METRIC_RESTATEMENTS.column_names)
        rows = connection.execute(f"select period_start::varchar, {sides} from ({earlier}) order by 1").fetchall()
    assert rows == [
        ("2024-01-01", None, None, None, None, "suppressed", None, "suppressed"),
        ("2024-02-01", 10, 10, 10, 10, "final", 8, "final"),
    ]


def test_without_an_erasure_nothing_is_withheld() -> None:
    with duckdb.connect() as connection:
        listed = ", ".join(f"{column.name} {column.type}" for column in METRIC_RESTATEMENTS.columns)
        for table in ("ledger_rows", "former"):
            connection.execute(f"create temp table {table} ({listed})")
        ledger_row(connection, "ledger_rows", "v3", "2024-01-01", "late_order")
        ledger_row(connection, "former", "v2", "2024-01-01", "late_order")
        rows = connection.execute(
            f"select old_value, new_value from ({withheld_sql('select * from former')})"
        ).fetchall()
    assert rows == [(10, 8)]
