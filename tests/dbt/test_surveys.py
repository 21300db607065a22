"""What becomes of surveys, counted by hand: answers within 10 days, activity window of 30 days, as of 15 March 2024."""

from __future__ import annotations

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

pytestmark = pytest.mark.long

SELECTED = ("+fct_survey_period", "+fct_nps_retention_period")
SOURCES = ["orders", "customers", "feedback", "subscriptions"]
THROUGH = {"orders": "2024-03-15", "feedback": "2024-03-10", "subscriptions": "2024-03-01"}


def shop() -> Rows:
    rows = Rows()
    rows.customer("anna", "2024-01-02", tier="gold")
    rows.order("a1", "anna", "2024-01-02", 10)
    rows.order("b1", "bert", "2024-01-02", 10)
    rows.order("c1", "cleo", "2024-01-02", 10)
    # anna's answer of 10 January looks at 11 January and 10 February: this order makes her active at the second
    rows.order("a2", "anna", "2024-01-12", 10)
    # bert's answer of 5 January looks at 6 January and 5 February: an order of that very day comes too late
    rows.order("b2", "bert", "2024-02-05", 10)
    rows.answer("n1", "anna", "2024-01-06", "nps", 2, sent="2024-01-05")
    rows.answer("n2", "anna", "2024-01-10", "nps", 9, wave="second")
    rows.answer("n3", "bert", "2024-01-05", "nps", 7)
    rows.answer("n4", "dora", "2024-01-05", "nps", 10)
    rows.answer("n5", None, "2024-01-05", "nps", 0)
    rows.answer("n6", "cleo", "2024-02-20", "nps", 6)
    # sent and answered: on the last day in time, a day late, not at all, by nobody known
    rows.answer("s1", "anna", "2024-01-20", "csat", 5, scale=(1, 5), sent="2024-01-10")
    rows.answer("s2", "bert", "2024-01-21", "csat", 5, scale=(1, 5), sent="2024-01-10")
    rows.invitation("s3", "anna", "2024-01-31")
    rows.answer("s4", None, "2024-01-31", "csat", 1, scale=(1, 5), sent="2024-01-31")
    rows.invitation("s5", "zoe", "2024-02-28")
    rows.invitation("s6", "anna", "2024-03-15")
    # dora never ordered: she is a customer by subscription alone
    rows.subscription("d1", "dora", "2024-01-01", 5)
    rows.subscription("b9", "bert", "2024-01-01", 5, ended="2024-01-20")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    return project.build(
        shop(), select=SELECTED, tests=True, sources=SOURCES, data_through_by_source=THROUGH, response_window_days=10
    )


def surveys(built: duckdb.DuckDBPyConnection, key: str = "all") -> list[tuple[object, ...]]:
    rows = cells(
        built,
        f"""select period_start, measure, sent_count, answered_count, customers_count, is_closed
        from marts.fct_survey_period
        where grain = 'month' and segment_key = '{key}' and sent_count > 0 order by all""",
    )
    return [tuple(row.values()) for row in rows]


def test_a_survey_belongs_to_the_period_it_was_sent_in_and_counts_as_answered_when_in_time(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert surveys(built) == [
        ("2024-01-01", "csat", 3, 2, 2, True),
        ("2024-01-01", "nps", 2, 1, 1, True),
        # the window of the last of February closes on 10 March, the last day that was delivered
        ("2024-02-01", "nps", 1, 0, 1, True),
        ("2024-03-01", "nps", 1, 0, 1, False),
    ]


def test_surveys_of_nobody_known_are_in_the_total_alone(built: duckdb.DuckDBPyConnection) -> None:
    assert surveys(built, "gold") == [
        ("2024-01-01", "csat", 1, 1, 1, True),
        ("2024-01-01", "nps", 2, 1, 1, True),
        ("2024-03-01", "nps", 1, 0, 1, False),
    ]
    # zoe is known by the survey she was sent alone
    assert surveys(built, "(unknown)") == [("2024-01-01", "csat", 1, 0, 1, True), ("2024-02-01", "nps", 1, 0, 1, True)]


def test_every_scale_that_was_ever_asked_on_has_every_period_and_key(built: duckdb.DuckDBPyConnection) -> None:
    (counted,) = cells(
        built,
        """select count(*) as found,
        2 * (select count(*) from marts.dim_period)
        * (select count(*) from intermediate.int_segments_observed) as wanted
        from marts.fct_survey_period""",
    )
    assert counted["found"] == counted["wanted"] > 0


def retention(built: duckdb.DuckDBPyConnection, basis: str, start: str) -> dict[str, tuple[int, int, bool]]:
    rows = cells(
        built,
        f"""select segment_key, customers_active_at_answer as active, customers_retained as kept, is_mature
        from marts.fct_nps_retention_period
        where grain = 'month' and basis = '{basis}' and period_start = '{start}' and segment_set = 'nps_group'""",
    )
    return {row["segment_key"]: (row["active"], row["kept"], row["is_mature"]) for row in rows}


def test_groups_are_followed_for_one_window_from_the_day_after_the_answer(built: duckdb.DuckDBPyConnection) -> None:
    assert retention(built, "purchase_window", "2024-01-01") == {
        "promoter": (1, 1, True),  # anna by her last answer; dora was not active
        "passive": (1, 0, True),
        "detractor": (0, 0, True),
    }
    # cleo was not active on 21 February, and the window of February's last day ends after as_of
    assert retention(built, "purchase_window", "2024-02-01")["detractor"] == (0, 0, False)


def test_subscribers_are_followed_by_their_subscription(built: duckdb.DuckDBPyConnection) -> None:
    assert retention(built, "subscription", "2024-01-01") == {
        "promoter": (1, 1, True),
        "passive": (1, 0, True),
        "detractor": (0, 0, True),
    }


def test_a_shop_that_sends_no_surveys_has_no_rows_instead_of_zeros(project: Project) -> None:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-02", 10)
    rows.answer("f1", "anna", "2024-01-05", "csat", 5, scale=(1, 5))
    built = project.build(rows, select=SELECTED)
    for table in ("fct_survey_period", "fct_nps_retention_period"):
        assert cells(built, f"select count(*) as n from marts.{table}") == [{"n": 0}]


def test_half_a_point_below_the_top_two_is_not_among_them(project: Project) -> None:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-01", 10)
    for number, score in enumerate(("3", "3.5", "4", "4.5", "5")):
        customer, day = f"c{number}", f"2024-02-0{number + 1}"
        rows.answer(f"f{number}", customer, day, "csat", score, scale=(1, 5))
        rows.ticket(f"t{number}", customer, day, responded=day, due="2024-03-01")
    connection = project.build(rows, select=("+fct_feedback_period", "+int_claim_answers_judged"))
    counted = connection.execute(
        """select answers_count, top_box_count from marts.fct_feedback_period
        where segment_set = 'all' and grain = 'month' and period_start = '2024-02-01'"""
    ).fetchall()
    assert counted == [(5, 3)]
    judged = connection.execute(
        "select feedback_id, is_satisfied from intermediate.int_claim_answers_judged order by 1"
    )
    assert judged.fetchall() == [("f0", False), ("f1", False), ("f2", True), ("f3", True), ("f4", True)]
