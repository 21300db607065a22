"""How often intervals contain the truth.

Belongs here: counting hits of published intervals, with the error of the count. Not here: truths, running anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ROUNDING = 1e-9
_PUBLISHED = """
    with cells as (
        select
            metric || '.' || variant as name, basis, segment_key as replicate, ci_low, ci_high, n, ci_method,
            cast(substr(segment_key, 2, 1) as bigint) as group_number,
            case when grain = 'all' then 0 else year(period_start) end as year,
            coalesce(year(cohort_start), 0) as cohort,
            coalesce(cohort_age, -1) as age
        from metric_values
        where segment_set = 'replicate' and status in ('final', 'provisional')
    )
    select
        name, basis, any_value(ci_method) as method, replicate,
        count(ci_low) as cells, count(*) filter (ci_low is null) as without_interval, avg(n) as n,
        count(*) filter (ci_low > truth + ?) as above, count(*) filter (ci_high < truth - ?) as below
    from cells join truths using (name, basis, group_number, year, cohort, age)
    group by all
"""


def published_coverage(connection: DuckDBPyConnection, truths: pd.DataFrame) -> pd.DataFrame:
    """Coverage per metric over all its checked cells of a published version.

    Args:
        connection: A published version whose segment keys are those of ``simulated_shop``.
        truths: Result of ``truths.truths``.

    Returns:
        Per name and basis: ``cells``, ``without_interval`` (published cells that have none), mean ``n``, ``coverage``,
        its standard ``error`` with replicates as clusters, and the shares of intervals ``above`` and ``below`` the
        truth.
    """
    connection.register("truths", truths)
    hits = connection.execute(_PUBLISHED, [ROUNDING, ROUNDING]).df()
    return summarise(hits)


def summarise(hits: pd.DataFrame) -> pd.DataFrame:
    """From counts per replicate to coverage per metric; see ``published_coverage``."""
    rows = []
    for (name, basis), found in hits.groupby(["name", "basis"]):
        cells = found["cells"].sum()
        missed = found["above"] + found["below"]
        share = missed.sum() / cells if cells else float("nan")
        residuals = missed - share * found["cells"]
        rows.append(
            {
                "name": name,
                "basis": basis,
                "method": found["method"].iloc[0],
                "replicates": len(found),
                "cells": cells,
                "without_interval": found["without_interval"].sum(),
                "n": (found["n"] * found["cells"]).sum() / cells if cells else float("nan"),
                "coverage": 1 - share,
                "error": float((residuals**2).sum()) ** 0.5 / cells if cells else float("nan"),
                "above": found["above"].sum() / cells if cells else float("nan"),
                "below": found["below"].sum() / cells if cells else float("nan"),
            }
        )
    return pd.DataFrame(rows)


def as_markdown(table: pd.DataFrame) -> str:
    """The table as it stands in ``docs/correctness.md``."""
    lines = [
        "| metric | basis | method | cells | mean n | coverage % | standard error |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    columns = zip(
        *(table[name] for name in ("name", "basis", "method", "cells", "n", "coverage", "error")), strict=True
    )
    lines += [
        f"| `{name}` | {basis} | {method} | {cells:,} | {n:,.0f} | {100 * share:.2f} | {100 * error:.2f} |"
        for name, basis, method, cells, n, share, error in columns
    ]
    return "\n".join(lines)
