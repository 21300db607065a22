"""Corruptions of the marts, and the checks that must notice them; see ``mutants``."""

from __future__ import annotations

from tests.quality.mutants import Mutant, of

_CELL = "grain = 'month' and period_start = '2024-03-01' and segment_set = 'all'"
_CALENDAR = f"basis = 'calendar' and {_CELL}"

DIMENSIONS = [
    *of(
        "marts.dim_period",
        ("insert into $ select * from $ limit 1", "period_once"),
        ("update $ set calendar = 'fiscal'", "calendar_vocabulary"),
        ("delete from $ where grain = 'quarter'", "every_grain_is_there"),
        ("update $ set grain = 'year' where grain = 'quarter'", "every_grain_is_there length_of_its_grain"),
        ("update $ set period_end = period_end + 1 where label = '2024-02'", "length_of_its_grain no_gap_or_overlap"),
        ("update $ set period_start = period_start + 1, period_end = period_end + 1", "length_of_its_grain"),
        ("delete from $ where label = '2024-02'", "no_gap_or_overlap"),
        ("update $ set period_number = period_number - 1", "no_gap_or_overlap"),
        ("delete from $ where label = '2024-04'", "reaches_as_of"),
        ("delete from $ where label = '2024-01'", "begins_with_the_first_order"),
        ("update $ set boundary_end = period_end", "boundary_at_as_of"),
        ("update $ set is_complete = true", "complete_when_delivered"),
        ("update $ set label = '2024-1' where label = '2024-01'", "labels_name_their_period"),
    ),
    *of(
        "marts.dim_customer",
        ("insert into $ select * from $ limit 1", "customer_once"),
        ("update $ set revenue_gross = -revenue_gross", "sums_of_valid_orders"),
        ("update $ set orders_count = orders_count + 1 where customer_id like 'a%'", "sums_of_valid_orders"),
        ("update $ set first_order_date = last_order_date", "sums_of_valid_orders"),
        ("delete from $ where customer_id like 'a%'", "sums_of_valid_orders ordered_or_registered"),
        ("insert into $ select md5('x'), null, null, 0, 0, 0, null", "ordered_or_registered"),
        ("update $ set first_order_date = null where customer_id like 'a%'", "orders_have_dates"),
        ("update $ set last_order_date = '2024-04-11' where customer_id like 'a%'", "no_order_after_as_of"),
    ),
    *of(
        "marts.dim_customer_segment",
        ("insert into $ select * from $ limit 1", "interval_once"),
        ("update $ set customer_id = md5('x') where customer_id like 'f%'", "customers_exist"),
        ("delete from $ where customer_id like 'f%'", "every_customer_in_every_set"),
        ("update $ set segment_set = 'tier' where customer_id like 'f%'", "every_customer_in_every_set"),
        ("update $ set valid_to = valid_to + 1 where valid_to < '9999-01-01'", "intervals_are_contiguous"),
        ("update $ set segment_key = 'DE' where segment_key = 'AT'", "values_as_delivered"),
    ),
]

CUSTOMER_PERIODS = of(
    "marts.fct_customer_period",
    ("insert into $ select * from $ limit 1", "row_once"),
    ("delete from $ where basis = 'calendar'", "both_bases orders_of_the_period"),
    ("update $ set basis = 'subscription' where basis = 'calendar'", "both_bases"),
    ("update $ set period_end = period_end + 1", "periods_exist"),
    ("update $ set customer_id = md5('x') where customer_id like 'f%'", "customers_exist orders_of_the_period"),
    ("update $ set is_retained = not is_retained", "flags_follow_from_activity"),
    ("update $ set is_reactivated = true where is_new_kept", "flags_follow_from_activity"),
    ("update $ set is_new = false", "flags_follow_from_activity"),
    (
        "update $ set is_active_start = false, is_active_end = false, is_ordering = false where is_lost",
        "rows_have_a_reason",
    ),
    ("update $ set is_active_start = true where is_new", "active_means_had_ordered"),
    ("update $ set is_active_end = true where basis = 'calendar'", "calendar_activity_is_ordering"),
    (
        "update $ set is_active_start = true where is_reactivated and basis = 'calendar'",
        "calendar_activity_is_ordering",
    ),
    ("update $ set is_active_end = true where is_lost", "window_activity_of_w_days"),
    ("update $ set is_active_start = is_active_end", "window_activity_of_w_days nobody_active_is_missing"),
    ("delete from $ where is_retained and not is_ordering", "nobody_active_is_missing"),
    ("update $ set orders_count = orders_count + 1 where is_ordering", "orders_of_the_period"),
    ("update $ set revenue_gross = revenue_net", "orders_of_the_period"),
    ("delete from $ where is_new_kept", "orders_of_the_period"),
    ("update $ set orders_before = orders_before + orders_count", "orders_before_the_period"),
    ("update $ set previous_revenue_gross = revenue_gross where basis = 'calendar'", "previous_revenue"),
    ("update $ set previous_revenue_gross = 1 where basis = 'purchase_window'", "previous_revenue"),
    ("delete from $ where is_lost and basis = 'calendar'", "nobody_leaves_unnoticed"),
)

PERIODS = of(
    "marts.fct_period",
    ("insert into $ select * from $ limit 1", "row_once"),
    ("update $ set basis = 'calendar'", "both_bases row_once"),
    ("delete from $ where segment_set = 'country'", "every_set_is_there"),
    ("update $ set segment_key = 'total' where segment_set = 'all'", "total_is_called_all"),
    ("delete from $ where segment_key = 'AT' and period_start = '2024-03-01' and basis = 'calendar'", "no_gaps"),
    ("update $ set period_end = period_end + 1", "periods_exist no_gaps"),
    (f"update $ set customers_lost = -1 where {_CELL}", "counts_not_negative retained_or_lost"),
    (f"update $ set revenue_gross = -revenue_gross where {_CELL}", "counts_not_negative"),
    (f"update $ set customers_end = customers_end + 1 where {_CELL}", "end_from_start totals_of_customer_rows"),
    (f"update $ set customers_reactivated = 0 where {_CELL}", "end_from_start"),
    (f"update $ set customers_retained = customers_end where {_CELL}", "retained_or_lost"),
    (f"update $ set customers_new_kept = customers_new_kept + 1 where {_CELL}", "new_kept_or_lost end_from_start"),
    (f"update $ set customers_returning = customers_ordering where {_CELL}", "ordering_new_or_returning"),
    (f"update $ set customers_end = customers_end + 1 where {_CALENDAR}", "calendar_end_is_ordering"),
    (f"update $ set customers_repeat_in_period = customers_ordering + 1 where {_CELL}", "parts_within_wholes"),
    (f"update $ set orders_count = customers_ordering where {_CELL}", "parts_within_wholes"),
    (f"update $ set revenue_expansion = revenue_expansion + 0.0001 where {_CALENDAR}", "revenue_bridge"),
    (f"update $ set revenue_churn = 0 where {_CALENDAR}", "revenue_bridge retained_revenue_from_the_bridge"),
    (f"update $ set revenue_gross_returning = revenue_gross where {_CALENDAR}", "revenue_new_or_returning"),
    (
        f"update $ set revenue_retained_gross = revenue_previous + 1 where {_CALENDAR}",
        "retained_revenue_from_the_bridge",
    ),
    (
        f"update $ set revenue_retained_net = revenue_retained_gross where {_CALENDAR}",
        "retained_revenue_from_the_bridge totals_of_customer_rows",
    ),
    ("update $ set revenue_new = revenue_gross where basis = 'purchase_window'", "bridge_is_calendar_only"),
    (f"update $ set revenue_previous = revenue_previous + 1 where {_CALENDAR}", "previous_is_the_period_before"),
    (f"update $ set customers_revenue_previous = 1 where {_CALENDAR}", "previous_is_the_period_before"),
    (f"update $ set revenue_net = revenue_gross + 1 where {_CELL}", "totals_of_customer_rows segments_add_up"),
    (f"update $ set revenue_gross = revenue_gross * 100 where {_CELL}", "totals_of_customer_rows"),
    (f"update $ set orders_sq = orders_count where {_CALENDAR}", "moments_of_customer_rows"),
    (f"update $ set retained_net_x_previous = previous_sq where {_CALENDAR}", "moments_of_customer_rows"),
    (f"update $ set customers_new = customers_new + 1, customers_new_lost = 1 where {_CELL}", "segments_add_up"),
    (
        "update $ set segment_key = if(segment_key = 'AT', 'DE', 'AT') where segment_key in ('AT', 'DE')",
        "segment_as_known_at_the_start",
    ),
    (f"update $ set customers_ever = customers_ever + 1 where {_CELL}", "customers_so_far"),
    (f"update $ set customers_repeat_ever = 0 where {_CELL}", "customers_so_far"),
    (f"update $ set customers_lapsed_start = 0 where {_CELL}", "customers_so_far"),
    ("update $ set orders_count_guest = 1 where segment_key = 'AT'", "guests_in_totals_only"),
    ("update $ set revenue_net_guest = revenue_gross_guest", "guests_in_totals_only"),
)

COHORTS = of(
    "marts.fct_cohort_period",
    ("insert into $ select * from $ limit 1", "cell_once"),
    ("update $ set grain = 'quarter'", "every_grain_is_there"),
    ("delete from $ where segment_set = 'country'", "every_set_is_there"),
    ("update $ set cohort_age = cohort_age + 1", "age_counts_periods triangle_without_gaps"),
    ("update $ set period_start = cohort_start", "age_counts_periods"),
    ("delete from $ where cohort_age = 1", "triangle_without_gaps"),
    ("delete from $ where period_start = '2024-04-01'", "triangle_without_gaps"),
    ("update $ set customers_active = customers_active - 1 where cohort_age = 0", "everybody_at_age_zero"),
    ("update $ set customers_active = cohort_size + 1 where cohort_age = 1", "active_within_cohort"),
    ("update $ set customers_active_on_or_after = 0", "active_within_cohort"),
    ("update $ set cohort_size = cohort_size + 1 where cohort_age = 2", "one_size_per_cohort segments_add_up"),
    ("update $ set revenue_gross_first = revenue_gross", "one_size_per_cohort"),
    ("delete from $ where cohort_start = '2024-01-01'", "sizes_are_all_customers cohorts_add_up_to_the_period"),
    ("update $ set cohort_size = cohort_size + 1", "size_is_new_customers everybody_at_age_zero"),
    ("update $ set orders_count = orders_count + 1 where cohort_age = 1", "cohorts_add_up_to_the_period"),
    ("update $ set revenue_net = revenue_gross + 1", "cohorts_add_up_to_the_period"),
    ("update $ set revenue_gross_to_date = revenue_gross", "value_to_date_accumulates"),
    ("update $ set revenue_net_to_date_sq = 0 where cohort_age = 2", "squares_fit_the_sums"),
    ("update $ set revenue_gross_to_date_sq = revenue_gross_to_date_sq + 1", "squares_of_the_first_period"),
    ("delete from $ where segment_key = 'AT'", "segments_add_up"),
)

FEEDBACK = of(
    "marts.fct_feedback_period",
    ("insert into $ select * from $ limit 1", "cell_once"),
    ("update $ set measure = 'stars' where measure = 'csat'", "measure_vocabulary no_gaps"),
    ("delete from $ where answers_count = 0", "no_gaps"),
    ("update $ set period_end = period_end + 1", "periods_exist"),
    ("update $ set passives_count = 0", "groups_add_up"),
    ("update $ set promoters_count = answers_count where measure = 'csat'", "groups_add_up"),
    ("update $ set top_box_count = answers_count + 1 where measure = 'csat'", "counts_within_answers"),
    ("update $ set top_box_count = promoters_count where measure = 'nps'", "counts_within_answers"),
    ("update $ set customers_count = 9", "counts_within_answers"),
    ("update $ set score_sum = score_sum * 100", "sums_within_scale"),
    ("update $ set score_sq = 0", "sums_within_scale"),
    (
        "update $ set promoters_count = detractors_count, detractors_count = promoters_count",
        "totals_of_counted_answers",
    ),
    (
        "update $ set answers_count = answers_count + 1, passives_count = passives_count + 1 where measure = 'nps'",
        "totals_of_counted_answers segments_add_up",
    ),
)

MARTS: list[Mutant] = [*DIMENSIONS, *CUSTOMER_PERIODS, *PERIODS, *COHORTS, *FEEDBACK]
