"""A table of facts, ready to be counted over.

Belongs here: row keys in a fixed order and type, columns as float arrays. Not here: reading tables, formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import pandas as pd

from retention_pipeline.metrics.definition import CALENDAR
from retention_pipeline.metrics.intervals import Floats
from retention_pipeline.metrics.status import Bools, Integers

TOTAL: Final = "all"
NAMES: Final = ("basis", "grain", "calendar", "segment_set", "segment_key")
DATES: Final = ("period_start", "period_end", "cohort_start")
KEYS: Final = (
    "basis", "grain", "calendar", "period_start", "period_end",
    "cohort_start", "cohort_age", "segment_set", "segment_key",
)  # fmt: skip
GRAINS: Final = ("day", "week", "month", "quarter", "year", "all")
"""From the finest to the coarsest."""
HELD_BY: Final = {"day": ("week", "month", "quarter", "year"), "month": ("quarter", "year"), "quarter": ("year",)}
"""Grains whose periods consist of whole finer periods."""
DECIDED_BY_PERIOD: Final = ("new_returning", "nps_group", "rfm", "orders_bucket", "order_number")
"""Segment sets in which the period that is looked at decides a customer's segment: nothing adds up over periods."""


@dataclass(frozen=True)
class Facts:
    """Facts sorted by their keys; facts without cohorts get empty cohort columns."""

    frame: pd.DataFrame

    @classmethod
    def of(cls, frame: pd.DataFrame, *, basis: str | None = None) -> Self:
        """Prepare a mart table.

        Args:
            frame: Any order of rows; dates as datetime64 or ``datetime.date``.
            basis: Keep only this basis; a table without the column is of this basis altogether.
        """
        if basis is not None and "basis" in frame:
            frame = frame[frame["basis"] == basis]
        prepared = frame.assign(**({} if "basis" in frame else {"basis": basis}))
        for name in DATES:
            prepared[name] = as_dates(prepared[name] if name in prepared else pd.Series(pd.NaT, index=prepared.index))
        ages = prepared["cohort_age"] if "cohort_age" in prepared else pd.Series(np.nan, index=prepared.index)
        prepared["cohort_age"] = ages.astype("Int32")
        for name in NAMES:
            prepared[name] = prepared[name].astype("str").astype("category")
        tie_breaks = [name for name in ("measure",) if name in prepared]
        return cls(prepared.sort_values([*KEYS, *tie_breaks], kind="stable", ignore_index=True))

    @classmethod
    def totals(cls, periods: pd.DataFrame, *, basis: str) -> Self:
        """One row per period for everybody and without measures: where a metric says that its source is absent.

        Args:
            periods: ``fct_period``, whose calendar rows have every period once per segment.
            basis: The basis the metric would have.
        """
        chosen = periods[(periods["basis"] == CALENDAR) & (periods["segment_set"] == TOTAL)]
        return cls.of(chosen[[key for key in KEYS if key in chosen]].assign(basis=basis))

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, column: str) -> Floats:
        return self.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)

    @cached_property
    def is_total(self) -> Bools:
        """Rows about everybody."""
        return (self.frame["segment_set"] == TOTAL).to_numpy(dtype=bool)

    @cached_property
    def sets(self) -> Integers:
        """Per row the number of the set of segments it adds up to a total with."""
        within = [name for name in KEYS if name not in {"period_end", "segment_key"}]
        groups = self.frame.groupby(within, dropna=False, observed=True, sort=False)
        return np.asarray(groups.ngroup(), dtype=np.int64)

    @cached_property
    def held(self) -> tuple[Integers, Integers]:
        """Pairs of segment rows: one of a finer period, one of a coarser period that holds it; cohorts have none.

        Neither have cohorts pooled at an age: months of age add up to no quarter.
        """
        frame = self.frame
        is_period = frame["cohort_start"].isna() & frame["cohort_age"].isna()
        has_pairs = is_period & ~frame["segment_set"].isin([TOTAL, *DECIDED_BY_PERIOD])
        columns = ["basis", "segment_set", "segment_key", *(name for name in ("measure",) if name in frame)]
        chosen = frame.loc[has_pairs, [*columns, "grain", "period_start", "period_end"]]
        chosen = chosen.astype(dict.fromkeys(columns, "str")).assign(row=np.flatnonzero(has_pairs))
        fine, coarse = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        for finer, holders in HELD_BY.items():
            both = chosen[chosen["grain"] == finer].merge(chosen[chosen["grain"].isin(holders)], on=columns)
            inside = (both["period_start_x"] >= both["period_start_y"]) & (both["period_end_x"] <= both["period_end_y"])
            fine.append(both.loc[inside, "row_x"].to_numpy(dtype=np.int64))
            coarse.append(both.loc[inside, "row_y"].to_numpy(dtype=np.int64))
        return np.concatenate(fine), np.concatenate(coarse)

    @cached_property
    def order(self) -> Integers:
        """Per row the alphabetical position of its segment."""
        return np.asarray(self.frame["segment_key"].cat.codes, dtype=np.int64)


def as_dates(column: pd.Series) -> pd.Series:
    """Dates of any kind as ``datetime64[us]``, the type DuckDB hands over."""
    return pd.to_datetime(column).astype("datetime64[us]")
