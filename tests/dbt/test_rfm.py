"""Groups of recency, frequency and money of three customers, by hand: quarters, as of 15 August 2024."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.dbt.support import Project, Rows, cells

RFM = {
    "version": 2, "grain": "quarter", "window_days": 180, "recency_days": [10.0, 30.0, 90.0, 180.0],
    "frequency": [1.0, 2.0, 3.0, 4.0], "monetary": [20.0, 50.0, 100.0, 200.0],
}  # fmt: skip
SETTINGS: dict[str, Any] = {
    "as_of": "2024-08-15", "data_through": "2024-08-15", "grains": ["month", "quarter"], "rfm": RFM,
    "derived_segments": ["rfm"],
}  # fmt: skip
SELECT = ("+fct_rfm_transition", "+int_customer_segments")


def shop() -> Rows:
    rows = Rows()
    rows.order("a1", "anna", "2024-01-10", 10)
    rows.order("a2", "anna", "2024-03-25", 60, refund=10)
    rows.order("b1", "bert", "2024-05-05", 300)
    rows.order("c1", "cleo", "2024-08-15", 15)
    rows.customer("emil", "2024-01-01", tier="basic")
    return rows


@pytest.fixture(scope="module")
def built(project: Project) -> duckdb.DuckDBPyConnection:
    return project.build(shop(), tests=True, select=SELECT, **SETTINGS)


def test_customers_move_between_groups_at_the_ends_of_periods(built: duckdb.DuckDBPyConnection) -> None:
    rows = cells(
        built,
        """select period_start, from_group, to_group, customers_count
        from marts.fct_rfm_transition where grain = 'quarter' order by all""",
    )
    assert [tuple(row.values()) for row in rows] == [
        # anna: 7 days ago, twice, 60
        ("2024-01-01", "(no orders)", "potential_loyalists", 1),
        # bert: 57 days ago, once, 300
        ("2024-04-01", "(no orders)", "need_attention", 1),
        # anna: 98 days ago, both orders still in the window
        ("2024-04-01", "potential_loyalists", "at_risk", 1),
        # the quarter is open: judged on 16 August
        ("2024-07-01", "(no orders)", "new_customers", 1),
        # anna: 144 days ago, one order of 50 left in the window
        ("2024-07-01", "at_risk", "hibernating", 1),
        ("2024-07-01", "need_attention", "at_risk", 1),
    ]


def intervals(built: duckdb.DuckDBPyConnection, where: str) -> list[tuple[object, ...]]:
    rows = cells(
        built,
        f"""select customer_id, segment_key, valid_from, valid_to
        from intermediate.int_customer_segments
        where segment_set = 'rfm' and {where} order by customer_id, valid_from""",
    )
    return [tuple(row.values()) for row in rows]


def test_a_group_is_a_segment_from_the_boundary_at_which_it_was_judged(built: duckdb.DuckDBPyConnection) -> None:
    assert intervals(built, "true") == [
        ("anna", "(no orders)", "0001-01-01", "2024-04-01"),
        ("anna", "potential_loyalists", "2024-04-01", "2024-07-01"),
        ("anna", "at_risk", "2024-07-01", "9999-12-31"),
        ("bert", "(no orders)", "0001-01-01", "2024-07-01"),
        ("bert", "need_attention", "2024-07-01", "9999-12-31"),
        ("cleo", "(no orders)", "0001-01-01", "9999-12-31"),
        ("emil", "(no orders)", "0001-01-01", "9999-12-31"),
    ]


def test_a_new_customer_moves_nobody_else(built: duckdb.DuckDBPyConnection, project: Project) -> None:
    rows = shop()
    for number in range(20):
        rows.order(f"z{number}", f"zoe{number}", "2024-02-01", 10_000 + number)
    crowded = project.build(rows, select=SELECT, **SETTINGS)
    assert intervals(crowded, "customer_id not like 'zoe%'") == intervals(built, "true")


def test_without_cut_points_nobody_has_a_group(project: Project) -> None:
    plain = project.build(shop(), select=SELECT, **{**SETTINGS, "rfm": None, "derived_segments": []})
    assert cells(plain, "select * from marts.fct_rfm_transition") == []
    assert intervals(plain, "true") == []
