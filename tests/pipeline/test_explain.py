"""``retention explain``: the rows it lists add up to what is published, and it says what there is when asked."""

from __future__ import annotations

import pytest

from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.lineage import PARTS, rows_behind
from retention_pipeline.metrics.registry import BY_NAME
from retention_pipeline.warehouse.read import open_published
from tests.pipeline.conftest import ShopFolder

CELLS_OF_EACH = 12


@pytest.mark.parametrize("name", sorted(PARTS))
def test_the_rows_listed_add_up_to_the_published_parts(published_shop: ShopFolder, name: str) -> None:
    metric, variant = name.split(".")
    with open_published(published_shop.settings.home) as published:
        found = published.execute(
            "select * from metric_values where metric = ? and variant = ? and numerator is not null"
            " order by segment_set = 'all' desc, abs(numerator) > 0 desc,"
            " hash(period_start, segment_key, basis, grain, cohort_age) limit ?",
            [metric, variant, 3 * CELLS_OF_EACH],
        )
        names = [column[0] for column in found.description]
        cells = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        checked = 0
        for cell in cells[: CELLS_OF_EACH // 2] + cells[-CELLS_OF_EACH // 2 :]:
            rows = rows_behind(cell, BY_NAME[name].family)
            if not rows.is_by_customer:
                continue
            for sql, expected in ((rows.numerator, cell["numerator"]), (rows.denominator, cell["denominator"])):
                if sql is not None:
                    total = published.execute(f"select coalesce(sum(counts), 0) from ({sql})").fetchone()
                    assert total is not None
                    assert total[0] == expected, sql
                    checked += 1
    assert checked >= CELLS_OF_EACH // 2


def test_where_only_sums_are_published_the_row_of_the_facts_is_found(published_shop: ShopFolder) -> None:
    with open_published(published_shop.settings.home) as published:
        for name, definition in BY_NAME.items():
            metric, variant = name.split(".")
            found = published.execute(
                "select * from metric_values where metric = ? and variant = ? and segment_set = 'all'"
                " and cohort_age is null and value is not null limit 1",
                [metric, variant],
            )
            names = [column[0] for column in found.description]
            for row in found.fetchall():
                rows = rows_behind(dict(zip(names, row, strict=True)), definition.family)
                if not rows.is_by_customer:
                    assert published.execute(rows.numerator).fetchall(), rows.numerator


def test_every_family_names_the_facts_that_an_explanation_falls_back_to(published_shop: ShopFolder) -> None:
    with open_published(published_shop.settings.home) as published:
        tables = {name for (name,) in published.execute("select table_name from information_schema.tables").fetchall()}
    assert {family.inputs[0] for family in FAMILIES.values()} <= tables


def test_it_says_definition_value_and_rows(published_shop: ShopFolder) -> None:
    shown = published_shop.command("explain", "customer_retention_rate.set_based", "--segment", "country=DE")
    assert shown.returncode == 0, shown.stderr
    for part in ("meaning", "formula", "wilson", "country = DE", "numerator", "from fct_customer_period", "adding up"):
        assert part in shown.stdout
    assert "NOT" not in shown.stdout


def test_a_metric_with_variants_lists_them(published_shop: ShopFolder) -> None:
    shown = published_shop.command("explain", "clv")
    assert shown.returncode == 0
    assert "clv.next_year_revenue" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("retention_rate",), "customer_retention_rate"),
        (("orders.standard", "--segment", "nowhere"), "country=DE"),
        (("orders.standard", "--segment", "country=Atlantis"), "country=DE"),
        (("orders.standard", "--segment", "contry=DE"), "country"),
        (("orders.standard", "--basis", "sometimes"), "calendar"),
        (("orders.standard", "--grain", "decade"), "month"),
        (("orders.standard", "--period", "1990-01-01"), "its periods lie from"),
        (("orders.standard", "--age", "3"), "--age '3' is none of its own: it has none"),
        (("orders.standard", "--period", "yesterday"), "--period"),
        (("orders.standard", "--segment", "country=x' or 'a'='a"), "has no such value"),
    ],
)
def test_a_mistake_gets_an_answer_and_no_traceback(
    published_shop: ShopFolder, arguments: tuple[str, ...], said: str
) -> None:
    shown = published_shop.command("explain", *arguments)
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr
