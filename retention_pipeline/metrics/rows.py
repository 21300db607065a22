"""From arrays of counts and sums to rows in the metric row contract (``core.tables.METRIC_VALUES``).

Belongs here: value, status, suppression and layout of rows, the same for every metric. Not here: formulas (families).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from retention_pipeline.core.status import Status
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.definition import SUBSCRIPTION, MetricDefinition
from retention_pipeline.metrics.facts import KEYS, Facts
from retention_pipeline.metrics.intervals import Floats, Interval, divide
from retention_pipeline.metrics.nesting import hide
from retention_pipeline.metrics.status import (
    CODE,
    HAS_PARTS,
    HAS_VALUE,
    STATUSES,
    Bools,
    Codes,
    Integers,
    decide,
    is_complete,
)

Texts: TypeAlias = NDArray[np.object_]

_PARTS: Final = ("numerator", "denominator", "value", "n", "ci_low", "ci_high")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """One metric over all rows of some facts; every array is as long as the facts.

    Attributes:
        name: ``metric.variant``.
        numerator: What was counted or summed.
        n: Customers behind the value (answers, for feedback).
        denominator: What it is divided by; None for counts and sums.
        interval: 95 % interval, None where there is no standard one.
        people: Customers whose privacy a cell touches, where that is not ``n``.
        where: Rows of the facts that have such a cell; None for all.
        forced: ``immature`` or ``source_absent`` for cells without value.
        settled: Rows whose value later days can not change; the others are provisional. None: as soon as the period is
            delivered.
        assumptions: What the value takes as given (one text, or one per row); None where nothing is assumed.
        may_be_undefined: NaN in the numerator means that there is no such value, not that the facts are broken; the
            denominator becomes 0.
    """

    name: str
    numerator: Floats
    n: Floats
    denominator: Floats | None = None
    interval: Interval | None = None
    people: Floats | None = None
    where: Bools | None = None
    forced: Status | None = None
    settled: Bools | None = None
    assumptions: str | Texts | None = None
    may_be_undefined: bool = False


def count(name: str, values: Floats, *, n: Floats | None = None, **others: Any) -> Cells:
    """Cells of a count or sum; ``n`` is the count itself unless given."""
    return Cells(name=name, numerator=values, n=values if n is None else n, **others)


def without_value(name: str, status: Status, where: Bools, *, assumptions: str | Texts | None = None) -> Cells:
    """Cells that say only why there is no value."""
    nothing = np.full(len(where), np.nan)
    return Cells(name=name, numerator=nothing, n=nothing, where=where, forced=status, assumptions=assumptions)


def only_where(cells: Cells, possible: Bools, otherwise: Status) -> Iterator[Cells]:
    """The cells where the value can be had; the others with a status (``immature``, ``source_absent``) instead.

    Suppression looks at the possible cells alone: the others show nothing, so they can only hide more.
    """
    where = np.ones(len(possible), dtype=bool) if cells.where is None else cells.where
    yield replace(cells, where=where & possible)
    yield without_value(cells.name, otherwise, where & ~possible, assumptions=cells.assumptions)


def absent(facts: Facts, names: Iterable[str], where: Bools | None = None) -> Iterator[Cells]:
    """Cells of metrics whose source is not configured; the facts are those of ``Facts.totals``."""
    rows = np.ones(len(facts), dtype=bool) if where is None else where
    for name in names:
        yield without_value(name, Status.SOURCE_ABSENT, rows)


def assemble(
    facts: Facts, cells: Iterable[Cells], definitions: Sequence[MetricDefinition], context: MetricContext, source: str
) -> pd.DataFrame:
    """Rows of all cells, metric by metric, each in the order of the facts.

    Args:
        facts: The rows the cells were computed over.
        cells: At least one; each named in ``definitions``.
        definitions: The definitions of one family.
        context: The circumstances of the run.
        source: The source whose deliveries make a period final.

    Returns:
        The columns of ``METRIC_VALUES`` in order; texts as categories, dates as datetime64[us].

    Raises:
        ValueError: A fact that a formula needs is NULL.
    """
    by_name = {definition.name: definition for definition in definitions}
    through = context.data_through.get(source)
    complete = is_complete(facts.frame["period_end"].to_numpy(), context.settled_through(source))
    chosen, blocks, described, assumed = [], [], [], []
    for one in cells:
        definition = by_name[one.name]
        rows = _rows(facts, one, definition)
        chosen.append(rows)
        described.append((definition, len(rows)))
        assumed.append(_assumptions(one, rows))
        blocks.append(_block(facts, one, rows, complete, context.min_cell_size))
    table = facts.frame[list(KEYS)].take(np.concatenate(chosen)).reset_index(drop=True)
    table["status"] = _categorical(np.concatenate([block[1] for block in blocks]), [str(status) for status in STATUSES])
    for position, name in enumerate(_PARTS):
        table[name] = np.concatenate([block[0][position] for block in blocks])
    table["n"] = table["n"].astype("Int64")
    _describe(table, described, context.currency)
    table["assumptions"] = _stacked(assumed)
    table["as_of"] = pd.Timestamp(context.as_of)
    table["as_of"] = table["as_of"].astype("datetime64[us]")
    table["data_through"] = pd.NaT if through is None else pd.Timestamp(through)
    table["data_through"] = table["data_through"].astype("datetime64[us]")
    # DuckDB knows no enumeration of nothing, so a category without members travels as text.
    texts = table.select_dtypes("category")
    table = table.astype({name: "str" for name in texts if not len(texts[name].cat.categories)})
    return table[list(METRIC_VALUES.column_names)]


def assemble_per_source(
    frame: pd.DataFrame,
    cells: Callable[[Facts], Iterable[Cells]],
    definitions: Sequence[MetricDefinition],
    context: MetricContext,
) -> pd.DataFrame:
    """Rows of facts with a column ``basis``: subscriptions make their own basis complete, orders every other."""
    by_subscription = frame["basis"] == SUBSCRIPTION
    parts = [(frame[~by_subscription], "orders")]
    if by_subscription.any():
        parts.append((frame[by_subscription], "subscriptions"))
    rows = []
    for part, source in parts:
        facts = Facts.of(part)
        rows.append(assemble(facts, cells(facts), definitions, context, source))
    return together(rows)


def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several ``assemble`` calls, one below the other; texts stay categories."""
    columns = {name: _stacked([part[name] for part in parts]) for name in METRIC_VALUES.column_names}
    return pd.DataFrame(columns)


def _stacked(columns: Sequence[pd.Series]) -> pd.Series:
    if all(isinstance(column.dtype, pd.CategoricalDtype) for column in columns):
        return pd.Series(union_categoricals(list(columns)))
    texts = any(isinstance(column.dtype, pd.CategoricalDtype) for column in columns)
    return pd.concat([column.astype("str") if texts else column for column in columns], ignore_index=True)


def _rows(facts: Facts, one: Cells, definition: MetricDefinition) -> Integers:
    where = np.ones(len(facts), dtype=bool) if one.where is None else one.where
    return np.flatnonzero(where & facts.is_total if definition.totals_only else where)


def _block(facts: Facts, one: Cells, rows: Integers, complete: Bools, minimum: int) -> tuple[tuple[Floats, ...], Codes]:
    """The six number columns of one metric's rows, and their status codes."""
    numerator, n = one.numerator[rows], one.n[rows]
    nothing = np.full(len(rows), np.nan)
    denominator = nothing if one.denominator is None else one.denominator[rows]
    value = numerator if one.denominator is None else divide(numerator, denominator)
    low, high = (nothing, nothing) if one.interval is None else (one.interval[0][rows], one.interval[1][rows])
    if one.may_be_undefined:
        denominator = np.where(np.isnan(numerator), 0.0, denominator)
    if one.forced is not None:
        codes = np.full(len(rows), CODE[one.forced], dtype=np.int8)
    else:
        if np.isnan(numerator).any() and not one.may_be_undefined:
            raise ValueError(f"{one.name}: the facts hold NULL where it needs a number")
        hidden = np.zeros(len(rows), dtype=bool)
        segments = ~facts.is_total[rows]
        inside = rows[segments]
        people = n if one.people is None else one.people[rows]
        hidden[segments] = hide(facts, inside, people[segments], minimum)
        done = complete[rows] if one.settled is None else complete[rows] & one.settled[rows]
        codes = decide(complete=done, defined=~np.isnan(value), hidden=hidden)
    parts, shown = HAS_PARTS[codes], HAS_VALUE[codes]
    visible = (parts, parts, shown, shown, shown, shown)
    numbers = (numerator, denominator, value, n, low, high)
    return tuple(np.where(mask, each, np.nan) for mask, each in zip(visible, numbers, strict=True)), codes


def _assumptions(one: Cells, rows: Integers) -> pd.Series:
    """What the chosen rows take as given."""
    if one.assumptions is None or isinstance(one.assumptions, str):
        texts = [] if one.assumptions is None else [one.assumptions]
        return _categorical(np.full(len(rows), len(texts) - 1, dtype=np.int8), texts)
    return pd.Series(pd.Categorical(pd.Series(one.assumptions[rows], dtype="str")))


def _describe(table: pd.DataFrame, described: Sequence[tuple[MetricDefinition, int]], currency: str) -> None:
    """Add what is the same in all rows of a metric."""
    sizes = np.array([size for _, size in described])
    definitions = [definition for definition, _ in described]

    def repeated(texts: Sequence[str | None]) -> pd.Series:
        categories = sorted({text for text in texts if text is not None})
        codes = np.array([-1 if text is None else categories.index(text) for text in texts], dtype=np.int8)
        return _categorical(np.repeat(codes, sizes), categories)

    table["metric"] = repeated([each.metric for each in definitions])
    table["variant"] = repeated([each.variant for each in definitions])
    table["unit"] = repeated([each.unit for each in definitions])
    table["currency"] = repeated([currency if each.unit == "money" else None for each in definitions])
    table["ci_method"] = repeated([each.interval for each in definitions]).where(table["ci_low"].notna())
    table["definition_version"] = np.repeat(np.array([each.version for each in definitions], dtype=np.int32), sizes)
    table["is_additive"] = np.repeat(np.array([each.is_additive for each in definitions]), sizes)


def _categorical(codes: Codes, categories: Sequence[str]) -> pd.Series:
    """Texts by their codes; -1 is NULL."""
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(list(categories), dtype="str")))
