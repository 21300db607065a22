"""The configuration of a random shop.

Belongs here: text to fill in. Not here: choosing what to fill in (``random_shop``), the optional sources
(``random_sources``).
"""

from __future__ import annotations

TOML = """
[shop]
name = "Shop {seed}"
timezone = "{zone}"
currency = "EUR"
activity_window_days = {window}
grains = {grains}
cohort_grains = ["week", "month"]
open_ended_cohorts = {open_ended}
week_start = "{week_start}"
segments = ["country", "tier", "channel"]
min_cell_size = {min_cell_size}
minimum_amount = {minimum_amount}
response_window_days = {response_window}
final_grace_days = {grace}
lifespan_horizon_years = {lifespan}
channel_segment = "channel"
{more}

[limits]
max_quarantined_share = 0.5

[sources.orders]
path = "orders/{{date}}.csv"

[sources.orders.columns]
order_id = "number"
customer_id = "customer"
ordered_at = "at"
updated_at = "changed"
status = "state"
amount = "value"
refund_amount = "refunded"
currency = "currency"
cost_amount = "cost"
refunded_at = "paid_back"
discount_amount = "rebate"

[sources.customers]
path = "customers/{{date}}.csv"
kind = "{kind}"
cadence = "irregular"

[sources.customers.columns]
customer_id = "customer"
updated_at = "changed"
country = "country"
tier = "tier"
channel = "channel"
"""
LOYALTY = """loyalty_segment = "tier"
loyalty_tiers = ["silver", "gold"]"""
FEEDBACK_TOML = """
[sources.feedback]
path = "feedback/{date}.csv"

[sources.feedback.columns]
feedback_id = "answer"
customer_id = "customer"
kind = "survey"
score = "score"
submitted_at = "at"
updated_at = "changed"
wave = "wave"
sent_at = "asked"
"""
RFM_TOML = """
[rfm]
version = 3
grain = "month"
window_days = 60
recency_days = [7, 20, 40, 70]
frequency = [1, 2, 3, 5]
monetary = [20, 50.5, 90, 150]
"""
