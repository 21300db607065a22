"""How long customers stay: mean lifespans per period and segment (section 7 of the metric definitions).

Belongs here: from ``fct_lifetime_period`` to one lifespan per row. Not here: what a lifespan is worth
(``lifetime_value``), the estimator (``survival``).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.metrics.survival import Curves

DAYS_PER_YEAR: Final = 365.25
LIFESPAN_COLUMNS: Final = ("lifespan_years", "lifespan_variance", "horizon_years", "lifespans_count")

_BY: Final = ("basis", "calendar", "grain", "period_start", "period_end", "segment_set", "segment_key")


def lifespans(facts: pd.DataFrame, horizon_years: float) -> pd.DataFrame:
    """Mean lifespan per basis, period and segment.

    Args:
        facts: ``fct_lifetime_period``: customers per duration, lapsed (the lifespan ended) and active (it goes on).
        horizon_years: Each lifespan counts up to this many years. Where the longest one observed is shorter and still
            goes on, nothing is known beyond it, and it is the horizon instead.

    Returns:
        The keys of the facts but the duration; ``lifespan_years`` (Kaplan-Meier restricted mean),
        ``lifespan_variance`` (of that mean, in years squared), ``horizon_years``, ``lifespans_count`` (customers).
    """
    by = facts.groupby(list(_BY), observed=True, sort=False)
    curves = Curves.of(
        np.asarray(by.ngroup(), dtype=np.int64),
        facts["duration_days"].to_numpy(dtype=np.float64),
        facts["lapsed_count"].to_numpy(dtype=np.float64),
        facts["active_count"].to_numpy(dtype=np.float64),
    )
    wanted = horizon_years * DAYS_PER_YEAR
    horizon = np.where(curves.reaches(wanted), wanted, curves.longest)
    days, variance = curves.restricted_mean(horizon)
    keys = facts[list(_BY)].drop_duplicates(ignore_index=True)
    return keys.assign(
        lifespan_years=days / DAYS_PER_YEAR,
        lifespan_variance=variance / DAYS_PER_YEAR**2,
        horizon_years=horizon / DAYS_PER_YEAR,
        lifespans_count=curves.observed,
    )
