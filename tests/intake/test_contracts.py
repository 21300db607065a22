"""Configuration against contract, customers with their segments, feedback with its scales."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from retention_pipeline.core.errors import ConfigError
from tests.intake.conftest import GOOD, HEADER, Shop

CUSTOMERS = '[sources.customers]\npath = "customers.csv"'
FEEDBACK = '[sources.feedback]\npath = "feedback.csv"'
ANSWERS = "feedback_id,customer_id,order_id,submitted_at,kind,score"


@pytest.mark.parametrize(
    ("orders", "message"),
    [
        ('path = "orders.csv"\n[sources.orders.columns]\namont = "x"', r"columns\.amont.*did you mean 'amount'"),
        ('path = "orders.csv"\n[sources.orders.columns]\nzzz = "x"', "they are order_id, customer_id"),
        ('path = "orders.csv"\n[sources.orders.status]\ndone = "payed"', r"sources\.orders\.status\.done: 'payed'"),
        ('path = "orders.csv"\n[sources.orders.status]\nDone = "paid"\ndone = "test"', "differ by case only"),
        ('path = "orders.csv"\ntimestamp_format = "german"', r"sources\.orders\.timestamp_format: 'german'"),
        ('path = "orders.csv"\ntimestamp_format = "%Q"', r"sources\.orders\.timestamp_format: '%Q'"),
        ("path = 'orders.csv'\ndelimiter = '\"'", r"sources\.orders\.delimiter"),
        ('path = "orders_{date:%m}.csv"', "does not name a single day"),
        ('path = "orders.csv"\nselect = "drop table source"', "not one SELECT"),
        ('path = "orders.csv"\nselect = "select 1; select 2"', "not one SELECT"),
        ('path = "orders.csv"\nselect = "selekt 1"', r"sources\.orders\.select"),
        ('path = "orders.csv"\nselect = "select 1) ; drop table raw.orders; select * from (select 1"', "select"),
        ('path = "orders.csv"\nselect = "pragma version"', "select"),
        ('path = "orders.csv"\nselect = "insert into raw.orders select * from source"', "not one SELECT"),
        ('path = "orders.csv"\nselect = "create table t as select 1"', "not one SELECT"),
    ],
)  # fmt: skip
def test_an_impossible_configuration_is_one_clear_line(shop: Shop, orders: str, message: str) -> None:
    shop.rows(GOOD)
    shop.configure(orders)
    with pytest.raises(ConfigError, match=message) as caught:
        shop.ingest()
    assert "retention.toml" in str(caught.value)
    assert shop.query("SELECT count(*) FROM raw.deliveries") == [(0,)]


def test_an_excluded_status_must_be_a_word_of_the_vocabulary(shop: Shop) -> None:
    shop.configure(shop='excluded_statuses = ["canceled"]')
    shop.rows(GOOD)
    with pytest.raises(ConfigError, match="'canceled' is not one of"):
        shop.ingest()


def test_columns_are_mapped_and_a_column_of_the_contracts_name_is_used_unmapped(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\n[sources.orders.columns]\norder_id = "no"\namount = "total"')
    shop.rows("7,c1,2026-03-01,paid,5", header="no,customer_id,ordered_at,status,total")
    report = shop.ingest()
    assert shop.query("SELECT order_id, amount, currency, refund_amount, cost_amount FROM raw.orders") == [
        ("7", 5, "EUR", 0, None)
    ]
    assert report.sources["orders"].columns["amount"] == "total"


def test_a_column_that_is_not_mapped_is_never_stored(shop: Shop) -> None:
    shop.rows(GOOD + ",anna@example.org", GOOD.replace("10.00", "x") + ",anna@example.org", header=HEADER + ",mail")
    report = shop.ingest()
    assert report.sources["orders"].unread == ("mail",)
    for table in ("orders", "quarantine"):
        assert "anna" not in str(shop.query(f"SELECT * FROM raw.{table}"))


def test_a_guest_is_an_order_without_customer_and_zeros_of_an_id_survive(shop: Shop) -> None:
    shop.rows(*(GOOD.replace("o1", f"o{n}").replace("c1", who) for n, who in enumerate(["", "  ", "007", "7"])))
    shop.ingest()
    first, second, third, fourth = shop.current("customer_id")
    assert first is second is None
    assert third != fourth


def test_status_words_are_translated_and_unknown_ones_are_other_and_told(shop: Shop) -> None:
    shop.configure('path = "orders.csv"\n[sources.orders.status]\nCompleted = "paid"\nvoid = "test"')
    words = ["COMPLETED", "void", "Refunded", "on hold", "on hold", ""]
    shop.rows(*(GOOD.replace("o1", f"o{n}").replace("paid", word) for n, word in enumerate(words)))
    report = shop.ingest()
    assert shop.current("status") == ["paid", "test", "refunded", "other", "other", "other"]
    (warning,) = report.warnings()
    assert "on hold (2), (blank) (1)" in warning


def test_without_a_status_column_every_order_is_paid(shop: Shop) -> None:
    shop.configure('path = "orders_{date}.csv"')
    shop.rows("o1,c,2026-03-01,5", header="order_id,customer_id,ordered_at,amount", name="orders_2026-03-01.csv")
    shop.rows(
        "o2,c,2026-03-01,5,void", header="order_id,customer_id,ordered_at,amount,status", name="orders_2026-03-02.csv"
    )
    report = shop.ingest()
    assert shop.current("status") == ["paid", "void"]
    assert not any("status words" in line for line in report.warnings())


def test_customers_carry_their_segments(shop: Shop) -> None:
    shop.configure(
        shop='segments = ["country", "line"]',
        rest=CUSTOMERS + '\n[sources.customers.columns]\ncountry = "land"',
    )
    shop.rows(GOOD)
    shop.rows(
        "c1,2026-01-01, DE ,a", "c2,,,b", ",2026-01-01,DE,b", "c1,2026-01-01,DE,a", "c1,2026-01-01,FR,a",
        name="customers.csv", header="customer_id,created_at,land,line",
    )  # fmt: skip
    report = shop.ingest()
    assert shop.query("SELECT attributes, known_date, line FROM raw.customers ORDER BY line") == [
        ({"country": "DE", "line": "a"}, dt.date(2026, 1, 1), 2),
        ({"country": None, "line": "b"}, dt.date(1900, 1, 1), 3),
        ({"country": "FR", "line": "a"}, dt.date(2026, 1, 1), 6),
    ]
    assert report.sources["customers"].reasons == {"missing_customer_id": 1}
    assert report.sources["customers"].suppressed == 1


def test_customers_need_no_segments(shop: Shop) -> None:
    shop.configure(rest=CUSTOMERS)
    shop.rows(GOOD)
    shop.rows("c1", name="customers.csv", header="customer_id")
    shop.ingest()
    assert shop.query("SELECT attributes FROM raw.customers") == [({},)]


def test_a_segment_that_no_file_has_is_a_configuration_error(shop: Shop) -> None:
    shop.configure(shop='segments = ["country"]', rest=CUSTOMERS)
    shop.rows(GOOD)
    shop.rows("c1,DE", name="customers.csv", header="customer_id,land")
    with pytest.raises(ConfigError, match=r"shop\.segments: 'country' is neither mapped") as caught:
        shop.ingest()
    assert 'country = "<column of the file>"' in str(caught.value.remedy)


def test_a_segment_that_one_day_lacks_refuses_that_day(shop: Shop) -> None:
    shop.configure(shop='segments = ["country"]', rest=CUSTOMERS.replace("customers.csv", "c_{date}.csv"))
    shop.rows(GOOD)
    shop.rows("c1,DE", name="c_2026-03-01.csv", header="customer_id,country")
    shop.ingest()
    shop.rows("c1", name="c_2026-03-02.csv", header="customer_id")
    assert [refusal.reason for refusal in shop.ingest().refused] == ["missing_column"]


def test_an_attribute_must_be_a_segment(shop: Shop) -> None:
    shop.configure(rest=CUSTOMERS + '\n[sources.customers.columns]\ntier = "tier"')
    shop.rows(GOOD)
    with pytest.raises(ConfigError, match=r"sources\.customers\.columns\.tier.*shop\.segments"):
        shop.ingest()


def test_answers_are_measured_by_the_scale_of_their_kind(shop: Shop) -> None:
    shop.configure(
        rest=FEEDBACK
        + "\n[sources.feedback.scales]\n"
        + 'Recommend = { measure = "nps", min = 0, max = 10 }\nstars = { measure = "csat", min = 1, max = 5 }\n'
        + 'thumb = { measure = "thumbs", min = 0, max = 1 }\nease = { measure = "effort", min = 1, max = 7 }'
    )
    shop.rows(GOOD)
    answers = ["recommend,10", "STARS,4.5", "thumb,1", "ease,6.25", "recommend,10.5", "recommend,9.5", "thumb,0.5",
               "stars,0", "smiley,3", ",3", "stars,", "stars,x", "ease,6.125", "recommend,-1"]  # fmt: skip
    shop.rows(
        *(f"f{n},c1,,2026-03-01,{answer}" for n, answer in enumerate(answers)), name="feedback.csv", header=ANSWERS
    )
    shop.ingest()
    assert shop.query("SELECT measure, score, scale_min, scale_max FROM raw.feedback ORDER BY line") == [
        ("nps", Decimal("10.00"), 0, 10),
        ("csat", Decimal("4.50"), 1, 5),
        ("thumbs", Decimal("1.00"), 0, 1),
        ("effort", Decimal("6.25"), 1, 7),
    ]
    assert [reason for _, reason, _ in shop.quarantined()] == [
        "score_out_of_scale", "score_out_of_scale", "score_out_of_scale", "score_out_of_scale",
        "unknown_feedback_kind", "missing_kind", "missing_score", "number_unreadable", "number_too_many_decimals",
        "score_out_of_scale",
    ]  # fmt: skip


def test_with_one_scale_the_kind_may_be_left_out(shop: Shop) -> None:
    scale = '\n[sources.feedback.scales]\nReview = { measure = "csat", min = 1, max = 5 }'
    shop.configure(rest=FEEDBACK + scale)
    shop.rows(GOOD)
    shop.rows("f1,2026-03-01,5", name="feedback.csv", header="feedback_id,submitted_at,score")
    shop.ingest()
    assert shop.query("SELECT measure, customer_id FROM raw.feedback") == [("csat", None)]


def test_with_several_scales_the_kind_must_be_there(shop: Shop) -> None:
    shop.configure(rest=FEEDBACK)
    shop.rows(GOOD)
    shop.rows("f1,2026-03-01,5", name="feedback.csv", header="feedback_id,submitted_at,score")
    report = shop.ingest()
    assert "'kind'" in report.refused[0].detail


def test_ids_of_one_customer_are_equal_across_sources(shop: Shop) -> None:
    shop.configure(rest=f"{CUSTOMERS}\n{FEEDBACK}")
    shop.rows(GOOD)
    shop.rows(" c1", name="customers.csv", header="customer_id")
    shop.rows("f1,c1,o1,2026-03-01,nps,9", name="feedback.csv", header=ANSWERS)
    shop.ingest()
    tables = ("orders", "customers", "feedback")
    assert len({shop.query(f"SELECT customer_id FROM raw.{table}")[0] for table in tables}) == 1
