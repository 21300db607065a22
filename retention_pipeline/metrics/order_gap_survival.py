"""The curves behind the waiting times: how many orders still wait for the next one after so many days.

Belongs here: the published table and its rows.
Not here: their summaries (``order_gaps``), the estimator (``survival``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from retention_pipeline.core.tables import Column, Table
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.order_gaps import WHOLE_HISTORY, people_in_history, waits
from retention_pipeline.metrics.status import suppressed

ORDER_GAP_SURVIVAL: Final = Table(
    "metrics", "order_gap_survival",
    "One row per segment of the whole history and duration: orders still waiting for the customer's next one.",
    ("calendar", "segment_set", "segment_key", "gap_days"),
    (
        Column("calendar", "VARCHAR", "Calendar of the history."),
        Column("segment_set", "VARCHAR", "Segment dimension; `order_number` by the order that starts the wait."),
        Column("segment_key", "VARCHAR", "Value of the segment at the order; `all` for totals."),
        Column("gap_days", "INTEGER", "Days after the order."),
        Column("at_risk", "BIGINT", "Orders whose wait had lasted at least this long."),
        Column("followed", "BIGINT", "Orders that the customer's next one followed after exactly so many days."),
        Column("censored", "BIGINT", "Orders still waiting when observation ended after so many days."),
        Column("survival", "DOUBLE", "Share still waiting after so many days (Kaplan-Meier)."),
        Column("ci_low", "DOUBLE", "Lower end of its 95 % interval (Greenwood, log-log).", nullable=True),
        Column("ci_high", "DOUBLE", "Upper end of its 95 % interval (Greenwood, log-log).", nullable=True),
    ),
)  # fmt: skip


def survival_rows(facts: Mapping[str, pd.DataFrame], context: MetricContext) -> pd.DataFrame:
    """Rows of ``ORDER_GAP_SURVIVAL`` from ``fct_order_gap_period``.

    A segment of fewer customers than ``min_cell_size``, and what protects it, has no curve.
    """
    gaps = facts["fct_order_gap_period"]
    groups, curves = waits(gaps[gaps["grain"] == WHOLE_HISTORY])
    people, segments = people_in_history(groups), ~groups.is_total
    hidden = np.zeros(len(groups), dtype=bool)
    hidden[segments] = suppressed(
        people[segments], groups.sets[segments], groups.order[segments], context.min_cell_size
    )
    names = groups.frame[["calendar", "segment_set", "segment_key"]].astype("str")
    low, high = curves.band
    rows = names.take(curves.group).assign(
        gap_days=curves.time.astype(np.int32),
        at_risk=curves.at_risk.astype(np.int64),
        followed=curves.events.astype(np.int64),
        censored=curves.censored.astype(np.int64),
        survival=curves.survival,
        ci_low=low,
        ci_high=high,
    )
    return rows[~hidden[curves.group]].reset_index(drop=True)
