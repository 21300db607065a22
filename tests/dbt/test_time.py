"""``dim_period`` against ``core.periods``, and the dates at which calendars go wrong."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from retention_pipeline.core.periods import GRAINS, WEEK_STARTS, period_end, period_label, period_start
from tests.dbt.support import Project, Rows, cells

DAY = dt.timedelta(days=1)


def expected_periods(
    first: dt.date, as_of: dt.date, through: dt.date, grace: int, week_start: str
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for grain in GRAINS:
        start, number = period_start(first, grain, week_start=week_start), 1
        while start <= as_of:
            end = period_end(start, grain)
            label = period_label(start, grain, week_start=week_start)
            boundary = min(end, as_of + DAY)
            delivered = (through >= end - DAY, through >= end - DAY + grace * DAY)
            rows.append(("gregorian", grain, start, end, number, label, boundary, *delivered))
            start, number = end, number + 1
    return sorted(rows, key=repr)


@pytest.mark.parametrize("week_start", sorted(WEEK_STARTS))
def test_dim_period_is_what_core_periods_says(week_start: str, project: Project) -> None:
    draw = random.Random(week_start)
    first = dt.date(2015, 1, 1) + draw.randrange(2000) * DAY
    as_of = first + draw.randrange(400, 2500) * DAY
    through = as_of - draw.randrange(40) * DAY
    grace = draw.choice((0, 5, 40))
    rows = Rows()
    rows.order("one", None, first.isoformat(), 1)
    built = project.build(
        rows, select=("+dim_period",), as_of=as_of.isoformat(), data_through=through.isoformat(),
        final_grace_days=grace, grains=list(GRAINS), week_start=week_start,
    )  # fmt: skip
    found = built.execute("select * from marts.dim_period").fetchall()
    assert sorted(found, key=repr) == expected_periods(first, as_of, through, grace, week_start)


def test_orders_around_year_ends_leap_days_and_clock_changes_land_in_their_periods(project: Project) -> None:
    rows = Rows()
    rows.order("sunday_of_iso_2020", "a", "2021-01-03 12:00:00", 1)
    rows.order("monday_of_iso_2021", "a", "2021-01-04 12:00:00", 2)
    rows.order("leap_day_in_berlin", "b", "2024-02-28 23:30:00", 4)
    rows.order("first_of_march_in_berlin", "b", "2024-02-29 23:30:00", 8)
    rows.order("last_hour_before_summer_time_month_end", "c", "2024-03-31 21:59:59", 16, known="2024-03-31")
    rows.order("first_hour_of_april", "c", "2024-03-31 22:00:00", 32, known="2024-04-01")
    built = project.build(
        rows, as_of="2024-04-01", data_through="2024-04-01", timezone="Europe/Berlin", grains=["week", "month", "year"]
    )
    found = cells(
        built,
        """select label, revenue_gross as gross
        from marts.fct_period join marts.dim_period using (grain, period_start)
        where basis = 'calendar' and segment_set = 'all' and revenue_gross > 0 order by grain, period_start""",
    )
    assert {row["label"]: row["gross"] for row in found} == {
        "2020-W53": 1, "2021-W01": 2, "2024-W09": 4 + 8, "2024-W13": 16, "2024-W14": 32,
        "2021-01": 3, "2024-02": 4, "2024-03": 8 + 16, "2024-04": 32, "2021": 3, "2024": 60,
    }  # fmt: skip
