"""Groups of the checks' SQL are those that were meant: two reasons on one day are one group, not a failed night.

``group by all`` also groups by the columns behind a computed name that stands in ``having``: a check that filters its
groups by such a name splits them, and then reports rows as wrong that are right.
"""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest
from sqlglot import exp, parse_one

from retention_pipeline.quality.expectations import SQL_CHECK
from retention_pipeline.quality.suites import STAGES, Suite
from tests.quality.bench import suite_of, suites_of, violations
from tests.quality.tiny import PARAMETERS

ALL_SUITES = [suite for stage in STAGES for suite in suites_of(stage)]


def splitting_names(sql: str) -> set[str]:
    """Computed names in a ``having``, outside of aggregates, of a query that groups by all."""
    found = set()
    for query in parse_one(sql, read="duckdb").find_all(exp.Select):
        group, having = query.args.get("group"), query.args.get("having")
        if group is None or having is None or not group.args.get("all"):
            continue
        computed = {
            each.alias for each in query.expressions
            if isinstance(each, exp.Alias) and not isinstance(each.this, exp.Column) and not each.find(exp.AggFunc)
        }  # fmt: skip
        bare = {each.name for each in having.find_all(exp.Column) if each.find_ancestor(exp.AggFunc) is None}
        found |= computed & bare
    return found


def test_duckdb_splits_such_groups() -> None:
    sql = "select x // 10 as tens, count(*) as n from (values (11), (12)) as v (x) group by all having tens < 5"
    assert splitting_names(sql) == {"tens"}
    assert duckdb.sql(sql).fetchall() == [(1, 1), (1, 1)]


@pytest.mark.parametrize("suite", ALL_SUITES, ids=lambda suite: suite.table)
def test_no_check_filters_the_groups_of_all_by_a_computed_name(suite: Suite) -> None:
    for each in suite.bind(PARAMETERS):
        if each.class_name == SQL_CHECK:
            assert not splitting_names(violations(suite, each)), each.check


def test_two_reasons_on_one_day_pass_where_the_later_one_is_staged() -> None:
    suite = suite_of("staging.stg_churn_reasons")
    zone = {**PARAMETERS, "timezone": "Asia/Kolkata", "as_of": "2024-02-01"}
    (check,) = (each for each in suite.bind(zone) if each.check == "nothing_lost_or_added")
    at = (dt.datetime(2024, 1, 4, 18, 35), dt.datetime(2024, 1, 5, 18, 26))  # noqa: DTZ001 - as stored: UTC, naive
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; attach ':memory:' as store")
        connection.execute("create schema staging; create schema store.raw")
        connection.execute(
            "create table store.raw.deliveries as select 'd' as delivery_id, 'churn_reasons' as source,"
            " 'accepted' as status, true as is_current, 'increment' as kind, date '2024-01-09' as business_date,"
            " cast(null as varchar) as repairs"
        )
        connection.execute(
            "create table store.raw.churn_reasons (customer_id varchar, given_at timestamp, reason varchar,"
            " known_date date, delivery_id varchar, line bigint)"
        )
        for line, (moment, reason) in enumerate(zip(at, ("price", "service"), strict=True), start=2):
            values = ["anna", moment, reason, dt.date(2024, 1, 9), "d", line]
            connection.execute("insert into store.raw.churn_reasons values (?, ?, ?, ?, ?, ?)", values)
        for staged, wrong in (("service", 0), ("price", 1)):
            connection.execute(
                "create or replace table staging.stg_churn_reasons as select 'anna' as customer_id,"
                f" date '2024-01-05' as given_date, '{staged}' as reason, date '2024-01-09' as known_date,"
                " 'd' as delivery_id"
            )
            assert len(connection.execute(violations(suite, check)).fetchall()) == wrong
