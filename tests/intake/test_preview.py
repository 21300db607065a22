from __future__ import annotations

from retention_pipeline.intake.preview import SourcePreview, preview
from tests.intake.conftest import GOOD, KEY, RECEIVED, Shop

CUSTOMERS = '[sources.customers]\npath = "customers.csv"'


def look(shop: Shop) -> dict[str, SourcePreview]:
    return {seen.name: seen for seen in preview(shop.store, shop.settings, KEY, received_date=RECEIVED)}


def test_a_preview_shows_mapping_sample_and_every_reason_with_lines(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\n[sources.orders.columns]\namount = "total"')
    header = "order_id,customer_id,ordered_at,total,note"
    shop.rows("o1,anna,2026-03-01,5,hello", "o2,anna,2026-03-01,x,hello", "o3,,2026-02-30,5,hello", header=header)
    orders = look(shop)["orders"]
    columns = {column.contract: (column.source, column.note) for column in orders.columns}
    assert columns["amount"] == ("total", "required")
    assert columns["status"] == (None, "without it: paid")
    assert columns["cost_amount"] == (None, "optional")
    assert orders.report is not None
    assert orders.report.reasons == {"number_unreadable": 1, "timestamp_unreadable": 1}
    assert {(one.line, one.column) for one in orders.report.rejected} == {(3, "amount"), (4, "ordered_at")}
    assert orders.report.unread == ("note",)
    assert len(orders.sample) == 1
    assert dict(zip(orders.sample_columns, orders.sample[0], strict=True))["order_id"] == "o1"
    assert "anna" not in str(orders)
    assert "hello" not in str(orders)
    assert orders.is_fit


def test_each_source_is_looked_at_even_when_another_cannot_be(shop: Shop) -> None:
    shop.configure(rest=CUSTOMERS)
    shop.rows("c1", name="customers.csv", header="customer_id")
    seen = look(shop)
    assert "no file 'orders.csv'" in str(seen["orders"].error)
    assert not seen["orders"].is_fit
    assert seen["customers"].is_fit
    assert seen["customers"].files == 1


def test_a_refused_file_and_too_many_rejections_are_not_fit(shop: Shop) -> None:
    shop.configure(rest=CUSTOMERS + "\n[limits]\nmax_quarantined_share = 0.1\ntolerated_quarantined_rows = 0")
    shop.rows(GOOD, GOOD.replace("10.00", "x"))
    shop.write("", "customers.csv")
    seen = look(shop)
    assert seen["customers"].refused[0].reason == "empty_file"
    assert seen["orders"].excess[0].quarantined == 1
    assert not seen["orders"].is_fit
    assert not seen["customers"].is_fit


def test_a_preview_leaves_nothing_behind(shop: Shop) -> None:
    shop.rows(GOOD)
    look(shop)
    assert not shop.settings.home_dir.exists()
