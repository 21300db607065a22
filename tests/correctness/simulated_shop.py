"""The files of a shop whose customers carry a segment ``replicate``, every replicate an independent small shop.

Belongs here: from the simulated process to delivered files and a configuration. Not here: the process (``process``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from tests.correctness.process import (
    GROUPS,
    IN_TIME_DAYS,
    LAST,
    NEVER,
    START,
    SURVEY_DAYS,
    SURVEY_YEAR,
    YEARS,
    Integers,
    Orders,
    Parameters,
    simulate_orders,
    simulate_subscriptions,
    year_span,
)

SUBSCRIBERS_SHARE = 0.5
TOML = f"""
[shop]
name = "Replicates"
timezone = "UTC"
currency = "EUR"
activity_window_days = 400
grains = ["year"]
segments = ["replicate"]
derived_segments = []
channel_segment = "replicate"
min_cell_size = 1
lifespan_horizon_years = 1.5
sla_hours = 24

[sources.orders]
path = "orders.parquet"
complete_through = {LAST}

[sources.customers]
path = "customers.parquet"

[sources.feedback]
path = "feedback.parquet"
complete_through = {LAST}

[sources.feedback.scales]
nps = {{ measure = "nps", min = 0, max = 10 }}
csat = {{ measure = "csat", min = 1, max = 5 }}
thumbs = {{ measure = "thumbs", min = 0, max = 1 }}
effort = {{ measure = "effort", min = 1, max = 7 }}

[sources.subscriptions]
path = "subscriptions.parquet"
complete_through = {LAST}

[sources.tickets]
path = "tickets.parquet"
complete_through = {LAST}

[sources.spend]
path = "spend.parquet"
complete_through = {LAST}
"""
STATEMENTS = {
    "customers": "select distinct 'c' || customer as customer_id, replicate from orders"
    " union all select 's' || customer, replicate from subscriptions",
    "orders": "select row_number() over () as order_id, 'c' || customer as customer_id, {day} as ordered_at,"
    " cast(gross / 100 as decimal(18, 2)) as amount, cast(refund / 100 as decimal(18, 2)) as refund_amount,"
    " cast(cost / 100 as decimal(18, 2)) as cost_amount from orders",
    "subscriptions": "select customer as subscription_id, 's' || customer as customer_id, {day} as started_at,"
    " case when day + length <= {last} then {day} + to_days(cast(length as integer)) end as ended_at,"
    " cast(monthly / 100 as decimal(18, 2)) as monthly_amount from subscriptions",
    "feedback": "select row_number() over () as feedback_id, 'c' || customer as customer_id, kind, {day} as sent_at,"
    " case when delay < 1000 then {day} + to_days(cast(delay as integer)) end as submitted_at,"
    " case when delay < 1000 then score end as score from feedback",
    "tickets": "select row_number() over () as ticket_id, 'c' || customer as customer_id, kind, {day} as opened_at,"
    " {day} + to_hours(cast(hours as integer)) as first_response_at from tickets",
    "spend": "select {day} as spent_at, replicate as channel, 'acquisition' as kind, 1000 as amount from spend",
}
NOON = f"timestamp '{START} 12:00:00' + to_days(cast(day as integer))"


def write_replicates(folder: Path, replicates: int, customers: int, seed: int = 7) -> Path:
    """Write the files of so many replicates of so many customers each; the path of the configuration.

    Replicate 13 of group 2 has the segment key ``g2-0013``.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    size = replicates // len(GROUPS)
    parts: dict[str, list[pd.DataFrame]] = {}
    for number, group in enumerate(GROUPS):
        members = np.repeat(np.arange(size), customers)
        names = pd.Series([f"g{number}-{index:04d}" for index in range(size)])
        for source, frame in _tables(group, len(members), random):
            owner = frame["owner"].to_numpy()
            named = frame.assign(
                replicate=names.iloc[members[owner]].to_numpy(), customer=number * len(members) + owner
            )
            parts.setdefault(source, []).append(named.drop(columns="owner"))
        years = pd.DataFrame({"replicate": names}).merge(pd.DataFrame({"year": YEARS}), how="cross")
        parts.setdefault("spend", []).append(years.assign(day=years["year"].map(lambda year: year_span(year)[0])))
    with duckdb.connect() as connection:
        for source, found in parts.items():
            connection.register(source, pd.concat(found, ignore_index=True))
        for source, statement in STATEMENTS.items():
            text = statement.format(day=NOON, last=(LAST - START).days)
            connection.execute(f"copy ({text}) to '{folder / source}.parquet' (format parquet)")
    config = folder / "retention.toml"
    config.write_text(TOML, encoding="utf-8")
    return config


def _tables(group: Parameters, customers: int, random: np.random.Generator) -> Iterator[tuple[str, pd.DataFrame]]:
    """Orders, subscriptions, tickets and feedback of one group; ``owner`` numbers its customers."""
    orders = simulate_orders(group, customers, random)
    placed = orders.day < NEVER
    rows = {name: getattr(orders, name)[placed] for name in ("day", "gross", "refund", "cost")}
    yield "orders", pd.DataFrame(rows | {"owner": np.nonzero(placed)[0]})
    start, length, monthly = simulate_subscriptions(group, customers, random)
    subscribers = np.flatnonzero(random.random(customers) < SUBSCRIBERS_SHARE)
    subscribed = {"day": start, "length": length, "monthly": monthly}
    chosen = {name: values[subscribers] for name, values in subscribed.items()}
    yield "subscriptions", pd.DataFrame(chosen | {"owner": subscribers})
    yield "tickets", _tickets(group, orders, random)
    yield "feedback", _feedback(group, customers, random)


def _tickets(group: Parameters, orders: Orders, random: np.random.Generator) -> pd.DataFrame:
    """Complaints of those who order in the survey year, and a question of every second customer."""
    begin, end = year_span(SURVEY_YEAR)
    now = (orders.day >= begin) & (orders.day < end)
    first = np.where(now, orders.day, NEVER).min(axis=1)
    complaining = (first < NEVER) & (random.random(len(first)) < group.complaint)
    asking = random.random(len(first)) < 0.5
    kinds = (("complaint", complaining, first), ("question", asking, random.integers(begin, end - 3, len(first))))
    frames = [
        pd.DataFrame({"owner": np.flatnonzero(who), "day": day[who]}).assign(kind=kind) for kind, who, day in kinds
    ]
    tickets = pd.concat(frames, ignore_index=True)
    kept = random.random(len(tickets)) < group.kept_promise
    hours = random.integers(1, 24, len(tickets))
    return tickets.assign(hours=np.where(kept, hours, hours + 24))


def _feedback(group: Parameters, customers: int, random: np.random.Generator) -> pd.DataFrame:
    """Every customer is asked every question once; late answers come after the response window, some never do."""
    frames = []
    for kind in ("nps", "csat", "thumbs", "effort"):
        day = year_span(SURVEY_YEAR)[0] + random.integers(0, SURVEY_DAYS - IN_TIME_DAYS, customers)
        luck = random.random(customers)
        late = IN_TIME_DAYS + random.integers(1, IN_TIME_DAYS, customers)
        in_time = random.integers(0, IN_TIME_DAYS + 1, customers)
        delay = np.select([luck < group.response, luck < group.response + 0.1], [in_time, late], NEVER)
        score = _scores(kind, group, customers, random)
        frames.append(
            pd.DataFrame({"owner": np.arange(customers), "day": day, "delay": delay, "score": score, "kind": kind})
        )
    return pd.concat(frames, ignore_index=True)


def _scores(kind: str, group: Parameters, customers: int, random: np.random.Generator) -> Integers:
    if kind == "nps":
        band = random.choice(3, customers, p=group.nps)
        low, high = np.array([9, 7, 0])[band], np.array([11, 9, 7])[band]
        return random.integers(low, high)
    if kind == "thumbs":
        return (random.random(customers) < group.thumbs).astype(np.int64)
    weights = group.csat if kind == "csat" else group.effort
    return random.choice(np.arange(1, len(weights) + 1), customers, p=weights)
