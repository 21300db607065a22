"""One row per period and segment, one group of columns per metric: the long rows for people who read tables.

Belongs here: the layout, which follows the registry and never the data. Not here: computing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pandas as pd

from retention_pipeline.core.tables import METRIC_VALUES, Column, Table
from retention_pipeline.metrics.definition import MetricDefinition
from retention_pipeline.metrics.facts import KEYS
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.registry import of_family

_RUN: Final = ("as_of", "data_through")
_LONG: Final = {column.name: column for column in METRIC_VALUES.columns}
_SUFFIX: Final = {
    "value": "", "ci_low": "__low", "ci_high": "__high", "n": "__n", "status": "__status",
    "assumptions": "__assumptions",
}  # fmt: skip


def wide_table(family: str) -> Table:
    """The specification of a family's wide table: grain, key, columns, types and meanings for the data dictionary."""
    keys = _keys(family)
    what = "basis, cohort, age and segment" if FAMILIES[family].has_cohorts else "basis, period and segment"
    grain = f"One row per {what}. {FAMILIES[family].meaning}"
    identity = tuple(key for key in keys if key != "period_end")
    return Table("metrics", f"{family}_wide", grain, identity, _columns(family))


def wide_columns(family: str) -> tuple[Column, ...]:
    """Columns of a family's wide table: keys; per metric value, interval, n and status; the run."""
    return wide_table(family).columns


def widen(rows: pd.DataFrame, family: str) -> pd.DataFrame:
    """Turn the long rows of a family into its wide table.

    Args:
        rows: Rows with the columns of ``METRIC_VALUES``, all of this family, in any order.
        family: Name of the family.

    Returns:
        The columns of ``wide_columns`` in order, one row per key, sorted by it; NULL where a metric has no row.
    """
    columns = wide_columns(family)
    keys = list(_keys(family))
    position = rows.groupby(keys, dropna=False, observed=True, sort=True).ngroup()
    first = ~position.duplicated()
    wide = rows.loc[first, [*keys, *_RUN]].set_axis(position[first]).sort_index()
    found = rows.groupby(["metric", "variant"], observed=True).indices
    parts = {}
    for definition in of_family(family):
        mine = found.get((definition.metric, definition.variant), [])
        for part, name in _parts(definition):
            parts[name] = rows[part].iloc[mine].set_axis(position.iloc[mine]).reindex(wide.index)
    currencies = rows["currency"].dropna().unique()
    parts["currency"] = pd.Series(currencies[0] if len(currencies) else None, index=wide.index, dtype="str")
    together = pd.concat([wide, pd.DataFrame(parts, index=wide.index)], axis="columns")
    return together[[column.name for column in columns]].reset_index(drop=True)


def _keys(family: str) -> tuple[str, ...]:
    return KEYS if FAMILIES[family].has_cohorts else tuple(key for key in KEYS if not key.startswith("cohort_"))


def _columns(family: str) -> tuple[Column, ...]:
    definitions = of_family(family)
    # Rows that pool cohorts have an age and no cohort; rows of lifetime values may have neither.
    columns = [replace(_LONG[name], nullable=name.startswith("cohort_")) for name in _keys(family)]
    if any(definition.unit == "money" for definition in definitions):
        columns.append(replace(_LONG["currency"], meaning="Currency of the money columns."))
    for definition in definitions:
        columns += [
            Column(name, _LONG[part].type, _meaning(definition, part), nullable=True)
            for part, name in _parts(definition)
        ]
    return (*columns, *(_LONG[name] for name in _RUN))


def _parts(definition: MetricDefinition) -> Iterator[tuple[str, str]]:
    """The long columns of a metric that the wide table shows, and the names they have there."""
    counts_people = definition.unit in {"customers", "answers"}
    for part, suffix in _SUFFIX.items():
        if part in {"ci_low", "ci_high"} and definition.interval is None:
            continue
        if part == "n" and counts_people:
            continue
        if part == "assumptions" and not definition.has_assumptions:
            continue
        yield part, definition.column + suffix


def _meaning(definition: MetricDefinition, part: str) -> str:
    if part == "value":
        return definition.meaning
    return {
        "ci_low": f"Lower end of the 95 % interval of {definition.name} ({definition.interval}).",
        "ci_high": f"Upper end of the 95 % interval of {definition.name} ({definition.interval}).",
        "n": f"How many stand behind {definition.name}: {_LONG['n'].meaning[0].lower()}{_LONG['n'].meaning[1:]}",
        "status": f"Status of {definition.name}: {_LONG['status'].meaning}",
        "assumptions": f"What {definition.name} takes as given: horizon, discounting, margin basis.",
    }[part]
