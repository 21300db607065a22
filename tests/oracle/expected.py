"""The oracle's answer in the shape of the published tables.

Belongs here: keys and columns of the tables that are compared. Not here: comparing, computing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from tests.oracle.buying_metrics import money
from tests.oracle.calendars import DAY, end_of
from tests.oracle.cohort_facts import COHORT_MONEY, COHORT_SQUARES
from tests.oracle.fact import Fact
from tests.oracle.feedback_metrics import ANY_SCALE
from tests.oracle.period_facts import scaled
from tests.oracle.records import SQUARE_SCALE
from tests.oracle.rows import Row
from tests.oracle.world import World

Key = tuple[object, ...]
METRIC_KEY = ("metric", "variant", "basis", "grain", "period_start", "cohort_start", "cohort_age", "segment_set",
              "segment_key")  # fmt: skip
DESCRIBES_THE_DEFINITION = frozenset({"definition_version", "unit", "ci_method", "is_additive"})
WORDS = {
    "claims": frozenset(
        {"statement", "source", "estimator", "supported_when", "unit", "ci_method", "caveat"}
    )
}  # fmt: skip
"""Columns that are words, by table."""
MONEY_METRICS = frozenset(
    {"margin.standard", "cohort_margin.standard", "cohort_value_to_date.margin", "cohort_value_to_date.pooled_margin",
     "clv.margin", "clv.net_of_cost", "clv.next_year_revenue", "clv.lifespan_revenue",
     "customer_acquisition_cost.standard", "retention_cost_per_customer.standard",
     "spend.acquisition", "spend.retention"}
)  # fmt: skip
"""Metrics that are money even in a row that only says why there is no value."""
ABSENT_BASIS = METRIC_KEY.index("basis")


def same(key: Key) -> Key:
    """A key as it is."""
    return key


@dataclass(frozen=True)
class Table:
    """One table: key columns, further columns, and each row by its key."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    rows: dict[Key, dict[str, object]]
    ignored: frozenset[str] = frozenset()
    normalise: Callable[[Key], Key] = field(default=same)


Identify = Callable[[str], str]
"""From the shop's own customer id to the published one."""


def tables(world: World, identify: Identify | None = None) -> list[Table]:
    """The tables that are compared; those about single customers only where their ids can be told."""
    found = [_period(world), _cohort(world), _feedback(world)]
    found += [_fact(world, fact) for fact in world.facts.values()]
    if identify is not None:
        found += [_of_customers(_fact(world, fact), identify) for fact in world.customer_tables()]
    return [*found, _metrics(world)]


def _fact(world: World, fact: Fact) -> Table:
    rows: dict[Key, dict[str, object]] = {}
    for key, cells in fact.rows.items():
        place = dict(zip(fact.key, key, strict=True))
        rows[key] = dict(cells)
        if "period_start" in place:
            is_all = place["grain"] == "all"
            end = end_of(place["period_start"], place["grain"], world.state.shop.week_start) if not is_all else None
            rows[key] |= {"calendar": "gregorian", "period_end": end or world.state.as_of + DAY}
    return _table(fact.name, fact.key, rows)


def _of_customers(table: Table, identify: Identify) -> Table:
    place = table.key.index("customer_id")
    rows = {(*key[:place], identify(str(key[place])), *key[place + 1 :]): row for key, row in table.rows.items()}
    return Table(table.name, table.key, table.columns, rows, table.ignored)


def _table(name: str, key: tuple[str, ...], rows: dict[Key, dict[str, object]]) -> Table:
    columns = tuple(next(iter(rows.values()), {}))
    return Table(name, key, (*key, *columns), rows, WORDS.get(name, frozenset()))


def _period(world: World) -> Table:
    rows: dict[Key, dict[str, object]] = {}
    for key, cell in world.periods.cells.items():
        _, grain, start, _, _ = key
        values = {column: scaled(column, units) for column, units in cell.items()}
        rows[key] = {"calendar": "gregorian", "period_end": world.periods.ends[(grain, start)], **values}
    return _table("fct_period", ("basis", "grain", "period_start", "segment_set", "segment_key"), rows)


def _cohort(world: World) -> Table:
    rows: dict[Key, dict[str, object]] = {}
    for key, cell in world.cohorts.cells.items():
        start, end = world.cohorts.periods[key[:3]]
        values: dict[str, object] = {"calendar": "gregorian", "period_start": start, "period_end": end}
        for column, units in cell.items():
            if column in COHORT_MONEY:
                values[column] = money(units)
            else:
                values[column] = Decimal(units) / SQUARE_SCALE if column in COHORT_SQUARES else units
        rows[key] = values
    return _table("fct_cohort_period", ("grain", "cohort_start", "cohort_age", "segment_set", "segment_key"), rows)


def _feedback(world: World) -> Table:
    rows: dict[Key, dict[str, object]] = {}
    week_start = world.state.shop.week_start
    for key, cell in world.feedback.cells.items():
        grain, start = key[:2]
        rows[key] = {"calendar": "gregorian", "period_end": end_of(start, grain, week_start), **cell}
    names = ("grain", "period_start", "segment_set", "segment_key", "measure", "scale_min", "scale_max")
    return _table("fct_feedback_period", names, rows)


def _metrics(world: World) -> Table:
    rows = {_metric_key(row): _metric_cells(world, row) for row in world.metrics}
    if len(rows) != len(world.metrics):
        raise ValueError("the oracle has two metric rows under one key")
    columns = tuple(next(iter(rows.values()), {}))
    absent = {(row.metric, row.variant) for row in world.metrics if row.place.basis == ANY_SCALE}

    def normalise(key: Key) -> Key:
        if key[:2] in absent:
            return (*key[:ABSENT_BASIS], ANY_SCALE, *key[ABSENT_BASIS + 1 :])
        return key

    return Table("metric_values", METRIC_KEY, (*METRIC_KEY, *columns), rows, DESCRIBES_THE_DEFINITION, normalise)


def _metric_key(row: Row) -> Key:
    place = row.place
    return (row.metric, row.variant, place.basis, place.grain, place.period_start, place.cohort_start,
            place.cohort_age, place.segment_set, place.segment_key)  # fmt: skip


def _metric_cells(world: World, row: Row) -> dict[str, object]:
    state = world.state
    low, high = row.ci or (None, None)
    return {
        "calendar": "gregorian",
        "period_end": row.place.period_end,
        "currency": state.shop.currency if row.is_money or f"{row.metric}.{row.variant}" in MONEY_METRICS else None,
        "numerator": row.numerator,
        "denominator": row.denominator,
        "value": row.value,
        "n": row.n,
        "ci_low": low,
        "ci_high": high,
        "status": row.status,
        "assumptions": row.assumptions,
        "as_of": state.as_of,
        "data_through": row.data_through(state),
    }
