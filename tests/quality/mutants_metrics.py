"""Corruptions of the metric rows, and the checks that must notice them; see ``mutants``."""

from __future__ import annotations

from tests.quality.mutants import Mutant, of

_RATE = "metric = 'customer_retention_rate' and variant = 'set_based' and value is not null"
_COUNT = "metric = 'customers' and variant = 'end' and value is not null"

VALUES = of(
    "metrics.metric_values",
    ("insert into $ select * from $ limit 1", "row_once union_of_the_families"),
    ("update $ set status = 'ok' where status = 'final'", "status_vocabulary"),
    ("update $ set unit = 'percent' where unit = 'fraction'", "unit_vocabulary shares_between_zero_and_one"),
    ("update $ set grain = 'decade' where grain = 'quarter'", "grain_vocabulary periods_exist"),
    ("delete from $ where metric = 'quick_ratio'", "every_metric_is_there union_of_the_families"),
    ("update $ set variant = 'gross_margin' where metric = 'revenue' and variant = 'net'", "every_metric_is_there"),
    (f"update $ set ci_low = ci_low - 0.0001 where {_RATE}", "union_of_the_families proportions_have_wilson_intervals"),
    ("delete from metrics.revenue_retention where metric = 'quick_ratio'", "union_of_the_families"),
    ("update $ set value = 0 where status = 'undefined'", "value_unless_status_forbids"),
    ("update $ set value = null where status = 'final'", "value_unless_status_forbids"),
    (f"update $ set n = null where {_RATE}", "never_a_bare_number"),
    (f"update $ set numerator = null where {_RATE}", "never_a_bare_number"),
    ("update $ set n = 1 where status = 'suppressed'", "suppressed_means_nothing_shown"),
    ("update $ set status = 'suppressed', value = null where segment_set = 'all'", "suppressed_means_nothing_shown"),
    (f"update $ set n = 1 where segment_set <> 'all' and {_RATE}", "small_cells_suppressed"),
    (
        "update $ set status = 'undefined' where status = 'suppressed' and segment_key <> '(unknown)'",
        "no_cell_suppressed_alone",
    ),
    (f"update $ set status = 'undefined' where {_RATE}", "undefined_means_divided_by_zero value_unless_status_forbids"),
    ("update $ set status = 'final' where status = 'undefined'", "undefined_means_divided_by_zero"),
    ("update $ set status = 'final' where status = 'provisional'", "final_when_delivered"),
    ("update $ set status = 'provisional' where status = 'final'", "final_when_delivered"),
    ("update $ set data_through = data_through - 60", "final_when_delivered"),
    (f"update $ set value = value * 100 where {_RATE}", "numerator_over_denominator shares_between_zero_and_one"),
    (f"update $ set denominator = denominator + 1 where {_RATE}", "numerator_over_denominator"),
    (f"update $ set value = -value where {_COUNT}", "numerator_over_denominator"),
    (f"update $ set value = 'nan' where {_COUNT}", "numbers_are_finite"),
    (f"update $ set ci_high = 'inf' where {_RATE}", "numbers_are_finite"),
    (
        "update $ set value = 1.5 where metric = 'net_promoter_score' and value is not null",
        "shares_between_zero_and_one",
    ),
    ("update $ set value = value * 100 where metric = 'revenue_share'", "shares_between_zero_and_one"),
    (f"update $ set ci_low = null where {_RATE}", "intervals_hold_their_value"),
    (f"update $ set ci_method = null where {_RATE}", "intervals_hold_their_value proportions_have_wilson_intervals"),
    (f"update $ set ci_low = ci_high, ci_high = ci_low where {_RATE}", "intervals_hold_their_value"),
    ("update $ set ci_low = 0, ci_high = 1, ci_method = 'none' where value is null", "intervals_hold_their_value"),
    ("update $ set currency = 'USD' where unit = 'money'", "money_in_the_shops_currency"),
    ("update $ set currency = 'EUR'", "money_in_the_shops_currency"),
    ("update $ set segment_key = 'total' where segment_set = 'all'", "total_is_called_all"),
    ("update $ set period_end = period_end + 1", "periods_exist"),
    ("update $ set status = 'immature' where metric = 'customers'", "value_unless_status_forbids"),
    ("update $ set cohort_age = null", "cohorts_have_both_columns"),
    ("update $ set cohort_start = period_start, cohort_age = 0", "cohorts_have_both_columns"),
    ("update $ set as_of = as_of - 1 where metric = 'customers'", "one_run"),
    ("update $ set data_through = as_of + 1", "one_run"),
)

CUSTOMERS = of(
    "metrics.customer_retention",
    ("update $ set basis = 'subscription' where basis = 'calendar'", "metrics_of_the_family every_cell_is_there"),
    ("update $ set metric = 'retention' where metric = 'reactivation_rate'", "metrics_of_the_family"),
    ("update $ set unit = 'fraction'", "metrics_of_the_family"),
    ("delete from $ where segment_key = 'AT'", "every_cell_is_there"),
    ("delete from $ where variant = 'bridge'", "every_cell_is_there"),
    ("update $ set denominator = 99, n = 99 where metric = 'customer_retention_rate'", "parts_from_the_facts"),
    ("update $ set numerator = numerator + 1 where variant = 'lost'", "parts_from_the_facts"),
    (f"update $ set n = n + 1 where {_RATE}", "parts_from_the_facts"),
    ("update $ set value = 0.5 where variant = 'base_leavers'", "retention_and_churn_add_up"),
    ("update $ set value = -value where variant = 'bridge'", "retention_and_churn_add_up"),
    (f"update $ set value = value + 1 where {_COUNT}", "customers_balance"),
)

REVENUE = of(
    "metrics.revenue_retention",
    ("update $ set basis = 'purchase_window'", "metrics_of_the_family"),
    ("update $ set unit = 'fraction'", "metrics_of_the_family"),
    ("delete from $ where grain = 'quarter'", "every_cell_is_there"),
    ("update $ set numerator = numerator + 0.0001 where metric = 'revenue_bridge'", "parts_from_the_facts"),
    ("update $ set denominator = denominator + 1 where metric = 'quick_ratio'", "parts_from_the_facts"),
    ("update $ set value = 1.1 where metric = 'revenue_retention' and variant = 'gross'", "gross_below_net"),
    ("update $ set value = 0 where metric = 'revenue_retention' and variant = 'net'", "gross_below_net"),
    ("update $ set value = value - 1 where metric = 'revenue_churn'", "gross_below_net"),
    ("update $ set numerator = numerator * 1.01 where variant = 'current'", "bridge_balances"),
)

COHORTS = of(
    "metrics.cohort_retention",
    ("update $ set basis = 'purchase_window'", "metrics_of_the_family"),
    ("update $ set unit = 'fraction'", "metrics_of_the_family"),
    ("delete from $ where metric = 'cohort_orders'", "every_cell_is_there"),
    ("update $ set cohort_age = cohort_age + 1", "every_cell_is_there parts_from_the_facts"),
    ("update $ set numerator = numerator + 1 where metric = 'cohort_orders'", "parts_from_the_facts"),
    ("update $ set numerator = 0 where status = 'immature'", "parts_from_the_facts"),
    ("update $ set denominator = denominator + 1 where metric = 'cohort_value_to_date'", "parts_from_the_facts"),
    (
        "update $ set status = 'provisional' where metric = 'cohort_retention' and status = 'immature'",
        "immature_only_ahead",
    ),
    ("update $ set status = 'immature' where metric = 'cohort_retention' and cohort_age = 0", "immature_only_ahead"),
    ("update $ set value = 0.9 where metric = 'cohort_retention' and cohort_age = 0", "first_age_is_one"),
    ("update $ set value = 0 where variant = 'on_or_after'", "on_or_after_at_least_on"),
)

BUYING = of(
    "metrics.buying_behaviour",
    ("update $ set basis = 'purchase_window'", "metrics_of_the_family"),
    ("update $ set unit = 'fraction'", "metrics_of_the_family"),
    ("delete from $ where variant = 'guest'", "every_cell_is_there"),
    ("update $ set numerator = numerator + 1 where metric = 'average_order_value'", "parts_from_the_facts"),
    ("update $ set denominator = denominator + 1 where variant = 'lifetime'", "parts_from_the_facts"),
    ("update $ set value = value * 1.000001 where variant = 'frequency'", "decomposition_multiplies"),
    ("update $ set segment_set = 'country', segment_key = 'DE' where variant = 'guest'", "guests_in_totals_only"),
)

FEEDBACK = of(
    "metrics.feedback_scores",
    ("update $ set basis = 'calendar'", "metrics_of_the_family parts_from_the_facts"),
    ("update $ set unit = 'points' where metric = 'net_promoter_score'", "metrics_of_the_family"),
    (
        "update $ set numerator = numerator + 1 where metric = 'net_promoter_score'",
        "parts_from_the_facts groups_add_up",
    ),
    ("update $ set basis = 'scale_0_10' where metric = 'customer_satisfaction'", "parts_from_the_facts"),
    ("update $ set numerator = numerator + 1 where metric = 'answers'", "parts_from_the_facts"),
    ("delete from $ where variant = 'top_box'", "every_answer_is_there"),
    ("delete from $ where metric = 'answers' and segment_key = 'AT'", "every_answer_is_there"),
    ("update $ set numerator = 0 where variant = 'passives'", "groups_add_up"),
    ("update $ set ci_low = value, ci_high = value where metric = 'net_promoter_score'", "score_has_its_interval"),
    ("update $ set status = 'source_absent' where segment_key = 'AT'", "absent_source_for_totals_only"),
)

METRICS: list[Mutant] = [*VALUES, *CUSTOMERS, *REVENUE, *COHORTS, *BUYING, *FEEDBACK]
