"""The retention facts of a shop the way an analyst's notebook computes them: pandas, period by period.

Belongs here: the computation, from the delivered files to counts per period, segment and cohort. Not here: intervals,
history, checks; the pipeline does all of these in the time it is compared by.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd

WINDOW = pd.Timedelta(days=90)
GRAINS = {"week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
_NOT_BOUGHT = ["cancelled", "void", "test", "fraud"]


def read(landing: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Orders (the last delivered version of each), customers and answers of a shop."""
    with duckdb.connect() as con:
        orders = con.sql(
            "SELECT order_id, customer_id, ordered_at, amount::DOUBLE AS gross,"
            " (amount - refund_amount)::DOUBLE AS net, status, filename"
            f" FROM read_parquet('{landing}/orders/*.parquet', filename = true)"
        ).df()
        customers = con.sql(f"FROM read_parquet('{landing}/customers.parquet')").df()
        answers = con.sql(f"FROM read_parquet('{landing}/feedback.parquet') WHERE score IS NOT NULL").df()
    months = [answers["customer_id"], answers["submitted_at"].dt.to_period("M")]
    answers = answers.sort_values(["submitted_at", "feedback_id"]).groupby(months).tail(1)
    orders = orders.sort_values("filename").drop_duplicates("order_id", keep="last")
    orders = orders[~orders["status"].isin(_NOT_BOUGHT) & (orders["gross"] > 0)]
    orders["day"] = orders["ordered_at"].dt.normalize()
    return orders, customers, answers


def spells(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per customer and spell: start and end of being active."""
    days = orders[["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    opens = days["day"] - days.groupby("customer_id")["day"].shift() > WINDOW
    days["spell"] = (opens | ~days["customer_id"].duplicated()).cumsum()
    found = days.groupby("spell").agg(customer_id=("customer_id", "first"), start=("day", "min"), end=("day", "max"))
    return found.assign(end=found["end"] + WINDOW)


def periods(first: pd.Timestamp, last: pd.Timestamp) -> Iterator[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Grain, start and end of every period the orders touch; the open one ends at as_of."""
    for grain, frequency in GRAINS.items():
        for period in pd.period_range(first, last, freq=frequency):
            yield grain, period.start_time, min(period.end_time.normalize(), last) + pd.Timedelta(days=1)


def segments(customers: pd.DataFrame, answers: pd.DataFrame, orders: pd.DataFrame, start: pd.Timestamp) -> pd.DataFrame:
    """One row per customer with its key in each segment set, as known when a period starts."""
    known = customers.set_index("customer_id")[["country", "channel"]].assign(all="all", new_returning="new")
    earlier = orders.loc[orders["day"] < start, "customer_id"].unique()
    known.loc[known.index.isin(earlier), "new_returning"] = "returning"
    said = answers[answers["submitted_at"] < start].sort_values(["submitted_at", "feedback_id"])
    last = said.groupby("customer_id")["score"].last()
    groups = pd.cut(last, [-1, 6, 8, 10], labels=["detractor", "passive", "promoter"]).astype(object)
    return known.assign(nps_group=groups.reindex(known.index).fillna("(no answer)"))


def period_facts(landing: Path, as_of: dt.date) -> pd.DataFrame:
    """One row per grain, period, segment set and key: who was active, new, retained, lost; orders and money."""
    orders, customers, answers = read(landing)
    alive, first = spells(orders), orders.groupby("customer_id")["day"].min()
    rows = []
    for grain, start, end in periods(orders["day"].min(), pd.Timestamp(as_of)):
        begun = set(alive.loc[(alive["start"] < start) & (alive["end"] >= start), "customer_id"])
        ended = set(alive.loc[(alive["start"] < end) & (alive["end"] >= end), "customer_id"])
        new = set(first.index[(first >= start) & (first < end)])
        bought = orders[(orders["day"] >= start) & (orders["day"] < end)].groupby("customer_id")
        money = bought.agg(orders_count=("gross", "size"), gross=("gross", "sum"), net=("net", "sum"))
        known = segments(customers, answers, orders, start)
        people = pd.DataFrame(index=known.index).join(money).fillna(0)
        for flag, members in (("start", begun), ("end", ended), ("new", new)):
            people[flag] = people.index.isin(members)
        people = people.assign(
            retained=people["start"] & people["end"],
            lost=people["start"] & ~people["end"],
            reactivated=people["end"] & ~people["start"] & ~people["new"],
        )
        for name in map(str, known):
            summed = people.groupby(known[name]).sum().rename_axis("segment_key").reset_index()
            rows.append(summed.assign(grain=grain, period_start=start, segment_set=name))
    return pd.concat(rows, ignore_index=True)


def cohort_facts(landing: Path, as_of: dt.date) -> pd.DataFrame:
    """One row per month of first order and age in months: who ordered, and what."""
    orders, customers, _ = read(landing)
    orders = orders[orders["day"] <= pd.Timestamp(as_of)].merge(customers, on="customer_id").assign(all="all")
    month = orders["day"].dt.to_period("M")
    cohort = orders.groupby("customer_id")["day"].transform("min").dt.to_period("M")
    orders = orders.assign(cohort=cohort, age=month.astype("int64") - cohort.astype("int64"))
    parts = []
    for name in ("all", "country", "channel"):
        cells = orders.groupby([name, "cohort", "age"])
        counted = cells.agg(customers=("customer_id", "nunique"), orders=("gross", "size"), gross=("gross", "sum"))
        parts.append(counted.rename_axis(["segment_key", "cohort", "age"]).reset_index().assign(segment_set=name))
    return pd.concat(parts, ignore_index=True)


def main() -> None:
    """Compute the facts of one shop and print the seconds of each part as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("shop", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--as-of", type=dt.date.fromisoformat, required=True)
    given = parser.parse_args()
    seconds = {}
    for name, compute in (("period_facts", period_facts), ("cohort_facts", cohort_facts)):
        began = time.perf_counter()
        compute(given.shop / "landing", given.as_of).to_pickle(given.output.with_suffix(f".{name}.pkl"))
        seconds[name] = time.perf_counter() - began
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
