"""Erasing somebody who was the only one: in a source, and in the whole shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from retention_pipeline.core.errors import ExitCode
from retention_pipeline.quality.gate import run_gate
from retention_pipeline.quality.parameters import configured_parts, gate_parameters
from retention_pipeline.quality.suites import load_suites
from retention_pipeline.warehouse.erasure.steps import begin, ready, settle_up, withdraw_when_empty
from retention_pipeline.warehouse.erasure.tables import hits_in_tables
from retention_pipeline.warehouse.read import open_published
from retention_pipeline.warehouse.store import open_store
from retention_pipeline.warehouse.versions import version_names
from tests.privacy.shop import ADA, ADA_HASH, KEY, Tiny, ada

SUITES = Path(__file__).parents[2] / "data_tests"
OPTIONAL = ("customers", "feedback", "tickets")


def blocked(shop: Tiny) -> list[str]:
    """The checks of the raw gate that do not pass."""
    with open_store(shop.home, read_only=True) as store:
        last = store.execute("select max(known_date) from raw.orders").fetchall()[0][0]
    report = run_gate(
        "raw", load_suites(SUITES, "raw"), database=shop.home.store, attach={},
        parameters=gate_parameters(shop.settings, as_of=last, data_through=last),
        configured=configured_parts(shop.settings),
    )  # fmt: skip
    return [f"{each.table} {each.check}" for each in report.blocking]


def test_the_raw_gate_lets_a_table_be_empty_when_an_erasure_explains_it_and_only_then(tmp_path: Path) -> None:
    shop = Tiny(tmp_path / "tiny")
    shop.write(only_hers=OPTIONAL)
    shop.take_in()
    assert blocked(shop) == []
    begin(shop.home, ready(shop.home, KEY), [ada()])
    assert [shop.count(f"select count(*) from raw.{name}") for name in OPTIONAL] == [0, 0, 0]
    assert blocked(shop) == []
    with open_store(shop.home) as store:
        store.execute(
            "update raw.deliveries set erased = 0, suppressed = suppressed + erased where source = 'feedback'"
        )
    assert blocked(shop) == ["raw.feedback has_rows"]


@pytest.mark.long
def test_the_only_person_of_several_sources_is_erased_by_the_id_on_the_command_line(tmp_path: Path) -> None:
    shop = Tiny(tmp_path / "tiny")
    shop.with_parsed().write(only_hers=OPTIONAL)
    assert shop.command("run").returncode == 0
    erased = shop.command("erase", ADA, "--yes")
    assert erased.returncode == 0, erased.stderr
    assert "erasure 1 is complete" in erased.stdout
    said = " ".join(erased.stderr.split()) + " ".join(erased.stdout.split())
    assert [name for name in OPTIONAL if f"{name}: nothing is left" not in said] == []
    with open_published(shop.home) as published:
        counts = published.execute("select source, records, loaded, erased from _freshness").fetchall()
        values = published.execute(
            "select metric, max(value) from metric_values where metric in ('net_promoter_score', 'tickets')"
            " and segment_set = 'all' group by metric order by metric"
        ).fetchall()
    assert {source for source, records, loaded, gone in counts if loaded == 0 and records == gone > 0} == {*OPTIONAL}
    assert values == [("net_promoter_score", None), ("tickets", 0.0)]
    holding = [path for path in shop.home.root.rglob("*") if path.is_file() and ADA.encode() in path.read_bytes()]
    assert holding == [], "dbt writes the command line down"


def emptied(shop: Tiny) -> Tiny:
    """A shop in which nobody but Ada ever ordered, taken in, with two folders where versions would be."""
    shop.write(only_hers=("orders", *OPTIONAL))
    shop.take_in()
    return shop


@pytest.mark.long
def test_when_nobody_else_ever_ordered_all_versions_are_taken_back(tmp_path: Path) -> None:
    shop = Tiny(tmp_path / "tiny")
    shop.with_parsed().write(only_hers=("orders",))
    assert shop.command("run").returncode == 0
    killed = shop.command("erase", ADA, "--yes", RETENTION_FAILPOINT="erase.before_withdrawal:kill")
    assert killed.returncode == -9
    assert version_names(shop.home) == ["v000001"]
    again = shop.command("run")
    assert again.returncode == ExitCode.INPUT_REFUSED
    assert "nothing is left" in again.stderr
    assert "deliver orders of other customers" in again.stderr
    assert version_names(shop.home) == []
    assert shop.log.unfinished == []
    assert shop.command("query", "select 1").returncode == ExitCode.NOTHING_PUBLISHED
    shop.write()
    back = shop.command("run")
    assert back.returncode == 0, back.stderr
    assert version_names(shop.home) == ["v000002"]
    assert hits_in_tables(shop.home, shop.log.erased) == 0


def test_taking_back_closes_the_erasure_and_is_done_once(tmp_path: Path) -> None:
    shop = emptied(Tiny(tmp_path / "tiny"))
    version = shop.home.published / "v000001"
    version.mkdir(parents=True)
    (version / "fct_customer_period.parquet").write_text(ADA_HASH, encoding="utf-8")
    shop.home.current_link.symlink_to("v000001")
    log = ready(shop.home, KEY)
    begin(shop.home, log, [ada()])
    assert withdraw_when_empty(log)
    assert version_names(shop.home) == []
    assert not shop.home.current_link.is_symlink()
    assert shop.log.unfinished == []
    assert not withdraw_when_empty(shop.log)
    assert settle_up(shop.log) is None


def test_a_shop_with_other_orders_keeps_its_versions(stored: Tiny) -> None:
    log = ready(stored.home, KEY)
    begin(stored.home, log, [ada()])
    assert not withdraw_when_empty(log)
    assert [each.sequence for each in log.unfinished] == [1]
