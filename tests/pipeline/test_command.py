"""What a person types and sees."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retention_pipeline.cli.app import main  # noqa: F401  # registers the commands
from retention_pipeline.cli.base import app
from retention_pipeline.core.errors import ConfigError, NothingPublishedError, RetentionError
from tests.pipeline.conftest import ShopFolder


def invoke(shop: ShopFolder, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["--config", str(shop.config), *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


SQL = """
    select segment_key, value from metric_values
    where metric = 'revenue' and variant = 'gross' and grain = 'month' and segment_set = 'all'
    order by period_start
"""


def test_query_writes_csv_json_parquet_and_a_table(published_shop: ShopFolder, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(invoke(published_shop, "query", SQL, "--format", "csv"))))
    records = [json.loads(line) for line in invoke(published_shop, "query", SQL, "--format", "json").splitlines()]
    assert len(rows) == len(records) >= 4
    assert [float(row["value"]) for row in rows] == [record["value"] for record in records]
    assert "segment_key" in invoke(published_shop, "query", SQL)
    target = tmp_path / "out.parquet"
    invoke(published_shop, "query", SQL, "--format", "parquet", "--output", str(target))
    assert target.stat().st_size > 100


def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(published_shop: ShopFolder) -> None:
    printed = invoke(published_shop, "query", "select '=cmd()' as a, '-1' as b, -1 as c", "--format", "csv")
    assert printed.splitlines() == ["a,b,c", "'=cmd(),'-1,-1"]


@pytest.mark.parametrize(
    ("sql", "word"),
    [("selec 1", "syntax"), ("select * from nowhere", "nowhere"), ("drop table dim_period", "select"), ("", "select")],
)
def test_a_wrong_query_is_explained(sql: str, word: str, published_shop: ShopFolder) -> None:
    with pytest.raises(RetentionError, match=rf"(?i){word}") as error:
        invoke(published_shop, "query", sql)
    assert error.value.exit_code == 2


def test_status_names_the_version_and_its_sources(published_shop: ShopFolder) -> None:
    printed = invoke(published_shop, "status")
    for word in ("v000001", "none under way", "orders", "feedback", "2023-04-30", "passed"):
        assert word in printed


def test_nothing_published_yet_has_its_own_exit_code(fresh_shop: ShopFolder) -> None:
    for arguments in (["status"], ["query", "select 1"]):
        with pytest.raises(NothingPublishedError) as error:
            invoke(fresh_shop, *arguments)
        assert error.value.exit_code == 5


def test_validate_shows_mapping_sample_and_reasons_and_stores_nothing(fresh_shop: ShopFolder) -> None:
    printed = invoke(fresh_shop, "validate")
    for word in ("order_no", "not read: first_name, last_name, email", "ragged_row", "first accepted records", "fit"):
        assert word in printed
    assert "@example.com" not in printed
    assert not fresh_shop.settings.home.store.exists()


MISTAKES = {
    'kind = "increment"': ('kind = "delta"', "sources.orders.kind"),
    'timezone = "Europe/Berlin"': ('timezone = "Berlin"', "shop.timezone"),
    "[shop]": ("[shop]\ncolour = 1", "shop.colour: unknown key"),
    'amount = "total"': ('amont = "total"', "amont"),
    "landing/orders/orders_": ("landing/ordres/orders_", "ordres"),
}


@pytest.mark.parametrize("right", MISTAKES)
def test_a_mistake_in_the_configuration_gets_one_clear_message(right: str, fresh_shop: ShopFolder) -> None:
    wrong, word = MISTAKES[right]
    text = fresh_shop.config.read_text(encoding="utf-8")
    assert right in text
    fresh_shop.config.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    done = fresh_shop.command("run")
    assert done.returncode in {2, 3}
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 6


def test_a_misspelt_environment_variable_is_an_error(shop: ShopFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_HOEM", "/nowhere")
    with pytest.raises(ConfigError, match="RETENTION_HOEM"):
        invoke(shop, "status")


def test_reconcile_leads_from_the_published_figure_to_the_books(published_shop: ShopFolder) -> None:
    printed = invoke(published_shop, "reconcile", "--measure", "revenue_gross")
    assert "revenue_gross by month: explained by no_customer" in printed
    assert "found from the totals themselves" in printed
    lines = {line.split("  ")[0]: line for line in printed.splitlines()}
    for name in ("published", "no_customer", "remainder", "control"):
        assert name in lines, printed
    assert "2023-04" in printed
    shares = [float(share) for share in lines["remainder, %"].split()[2:]]
    assert max(shares) > 1, "one month's sales are stated too high"
    assert min(shares) == 0
    assert "refunds by month" not in printed
    assert "(excluded_status)" in invoke(published_shop, "reconcile", "--all", "--measure", "orders")
    with pytest.raises(ConfigError, match="--measure"):
        invoke(published_shop, "reconcile", "--measure", "visits")
    with pytest.raises(ConfigError, match="no control total"):
        invoke(published_shop, "reconcile", "--grain", "week")
