"""One row per period and segment, one group of columns per metric: the long rows for people who read tables.

Belongs here: the layout, which follows the registry and never the data. Not here: computing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.tables import METRIC_VALUES, Column, Table
from retention_pipeline.metrics.definition import MetricDefinition
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.registry import of_family
from retention_pipeline.metrics.rows import empty_like

_COHORT: Final = ("cohort_start", "cohort_age")
_RUN: Final = ("as_of", "data_through")
_LONG: Final = {column.name: column for column in METRIC_VALUES.columns}
_DUCKDB: Final = {"value": "DOUBLE", "n": "BIGINT", "ci_low": "DOUBLE", "ci_high": "DOUBLE", "status": "VARCHAR"}


def wide_table(family: str) -> Table:
    """The specification of a family's wide table: key, columns, types and meanings for the data dictionary."""
    key = tuple(name for name in METRIC_VALUES.key if name in _keys(family))
    return Table("metrics", f"{family}_wide", _grain(family), key, wide_columns(family))


def wide_columns(family: str) -> tuple[Column, ...]:
    """Columns of a family's wide table: keys, per metric value, n, interval and status, then the run."""
    definitions = of_family(family)
    columns = [_key_column(name) for name in _keys(family)]
    if any(definition.unit == "money" for definition in definitions):
        columns.append(_LONG["currency"])
    for definition in definitions:
        columns += [
            Column(name, _DUCKDB[part], _meaning(definition, part), nullable=True) for part, name in _parts(definition)
        ]
    return (*columns, *(_LONG[name] for name in _RUN))


def widen(rows: pd.DataFrame, family: str) -> pd.DataFrame:
    """Turn the long rows of a family into its wide table.

    Args:
        rows: Rows with the columns of ``METRIC_VALUES``, all of this family.
        family: Name of the family.

    Returns:
        The columns of ``wide_columns`` in order, one row per key; NULL where a metric has no row.
    """
    keys = list(_keys(family))
    groups = rows.groupby(keys, dropna=False, observed=True, sort=True)
    position = groups.ngroup().to_numpy()
    wide = rows[[*keys, *_RUN]].take(np.unique(position, return_index=True)[1]).reset_index(drop=True)
    if any(definition.unit == "money" for definition in of_family(family)):
        wide["currency"] = rows["currency"].dropna().iloc[0] if rows["currency"].notna().any() else None
    columns = {}
    name_of = rows["metric"].astype("str") + "." + rows["variant"].astype("str")
    for definition in of_family(family):
        mine = (name_of == definition.name).to_numpy(dtype=bool)
        for part, name in _parts(definition):
            columns[name] = rows.loc[mine, part].set_axis(position[mine]).reindex(range(len(wide)))
    wide = pd.concat([wide, pd.DataFrame(columns)], axis="columns")
    return wide[[column.name for column in wide_columns(family)]]
