"""The suite of ``control_limits`` on series long enough for limits; the shop of the other suites is too young."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pandas as pd
import pytest

from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.control_limits import ABOVE, BELOW, CONTROL_LIMITS, IN_CONTROL, control_limits
from retention_pipeline.quality.expectations import SQL_CHECK
from retention_pipeline.warehouse.frames import write_frame
from tests.metrics.test_control_limits import values
from tests.quality.bench import suite_of
from tests.quality.tiny import PARAMETERS


def published_values() -> pd.DataFrame:
    """Three years of weeks and of months that jump about, rates with an outlier here and there."""
    draw = random.Random(5)

    def shares(periods: int, jumps: int) -> list[tuple[int, int]]:
        found = []
        for period in range(periods):
            cases = draw.randrange(10, 900)
            outlier = {12: -0.25, 16: 0.25}.get(period % 17, 0.0)
            rate = 0.7 + draw.randint(-jumps, jumps) / 100 + outlier
            found.append((sum(draw.random() < rate for _ in range(cases)), cases))
        return found

    weeks, months = values(shares(156, 2), "week"), values(shares(36, 15), "month", metric="sla_met_rate")
    frame = pd.concat([weeks, months.assign(variant="standard", basis="calendar")], ignore_index=True)
    frame["value"] = frame["numerator"] / frame["denominator"]
    as_of = pd.Timestamp(2023, 1, 1)
    return frame.assign(n=frame["denominator"], definition_version=1, unit="fraction", is_additive=False, as_of=as_of)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    frame = published_values()
    judged = control_limits(frame, sigmas=3.0, floor=0.01)
    assert {IN_CONTROL, ABOVE, BELOW} <= set(judged["verdict"])
    assert (judged["overdispersion"] > 1.5).any()
    with duckdb.connect() as found:
        write_frame(found, METRIC_VALUES, frame)
        write_frame(found, CONTROL_LIMITS, judged)
        yield found


@contextmanager
def damaged(connection: duckdb.DuckDBPyConnection, sql: str) -> Iterator[int]:
    connection.execute("begin")
    try:
        answer = connection.execute(sql.replace("$", CONTROL_LIMITS.qualified)).fetchone()
        yield answer[0] if answer else 0
    finally:
        connection.execute("rollback")


def failing(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Checks of the suite, those written in SQL, that find something."""
    suite = suite_of(CONTROL_LIMITS.qualified)
    checks = [each for each in suite.bind(PARAMETERS) if each.class_name == SQL_CHECK]
    assert len(checks) >= 8
    queries = {each.check: str(each.kwargs["unexpected_rows_query"]).format(batch=suite.table) for each in checks}
    return {name for name, sql in queries.items() if connection.execute(sql).fetchall()}


def test_what_the_pipeline_computes_passes(connection: duckdb.DuckDBPyConnection) -> None:
    assert failing(connection) == set()


NOTHING = "center = null, lower_limit = null, upper_limit = null, overdispersion = null"
LIMITS, VERDICT = "limits_are_those_of_the_baseline", "verdict_follows_from_the_limits"


@pytest.mark.parametrize(
    ("sets", "checks"),
    [
        ("lower_limit = greatest(0, center - (center - lower_limit) / 2) where overdispersion > 1", {LIMITS}),
        ("overdispersion = 1 where overdispersion > 1", {LIMITS}),
        ("center = value where center is not null", {LIMITS}),
        ("upper_limit = upper_limit + 0.001 where upper_limit < 0.99", {LIMITS}),
        ("verdict = 'in_control' where verdict = 'below'", {VERDICT}),
        ("verdict = 'below' where verdict = 'above'", {VERDICT}),
        ("verdict = 'above' where verdict = 'in_control'", {VERDICT}),
        ("verdict = 'insufficient' where verdict = 'below'", {"limits_unless_insufficient", VERDICT}),
        (f"{NOTHING}, verdict = 'insufficient' where grain = 'month'", {LIMITS}),
    ],
)
def test_damage_to_limits_is_noticed(connection: duckdb.DuckDBPyConnection, sets: str, checks: set[str]) -> None:
    with damaged(connection, f"update $ set {sets}") as changed:
        assert changed
        assert checks <= failing(connection)
