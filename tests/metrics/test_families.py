"""What holds for the rows of every family."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.metrics.families import FAMILIES
from retention_pipeline.metrics.registry import BY_NAME, REGISTRY, of_family
from tests.metrics.factories import cell, compute, compute_all, context
from tests.metrics.identities import violations
from tests.metrics.more_facts import all_facts

few = settings(max_examples=4, deadline=None)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return compute_all(all_facts(3), open_ended_cohorts=True)


def produced(rows: pd.DataFrame) -> set[tuple[str, str]]:
    """Every (metric.variant, basis) there is, scales of answers as in the registry where it fixes none."""
    pairs = rows[["metric", "variant", "basis"]].drop_duplicates().astype("str")
    found = {(f"{metric}.{variant}", basis) for metric, variant, basis in pairs.itertuples(index=False)}
    return {(name, "scale_*" if BY_NAME[name].bases == ("scale_*",) else basis) for name, basis in found}


def test_every_registered_metric_is_produced_on_its_bases_and_nothing_else(rows: pd.DataFrame) -> None:
    assert produced(rows) == {(each.name, basis) for each in REGISTRY for basis in each.bases}


def test_every_registered_metric_is_produced_without_optional_sources_too() -> None:
    rows = compute_all(all_facts(3), sources=frozenset({"orders"}))
    assert {name for name, _ in produced(rows)} == set(BY_NAME)


def test_names_are_unique_and_each_family_has_its_own_definitions() -> None:
    assert len(BY_NAME) == len(REGISTRY)
    assert {each.family for each in REGISTRY} == set(FAMILIES)
    assert sum(len(of_family(name)) for name in FAMILIES) == len(REGISTRY)


@pytest.mark.parametrize("family", FAMILIES)
def test_rows_have_the_columns_and_the_key_of_the_contract(family: str) -> None:
    rows = compute(family, all_facts(3))
    assert tuple(rows.columns) == METRIC_VALUES.column_names
    assert not rows.duplicated(list(METRIC_VALUES.key)).any()
    required = [column.name for column in METRIC_VALUES.columns if not column.nullable]
    assert not rows[required].isna().to_numpy().any()


@pytest.mark.parametrize("some", [slice(None), slice(0)], ids=["rows", "no rows"])
@pytest.mark.parametrize("family", FAMILIES)
def test_rows_fit_the_table_they_are_written_to(family: str, some: slice) -> None:
    rows = compute(family, {name: frame.iloc[some] for name, frame in all_facts(3).items()})
    with duckdb.connect() as connection:
        connection.execute("create schema metrics")
        connection.execute(METRIC_VALUES.ddl)
        connection.register("rows", rows)
        connection.execute(f"insert into {METRIC_VALUES.qualified} select * from rows")
        counts = "count(*), count(value), count(n), count(cohort_age), count(currency), count(data_through)"
        found = connection.execute(f"select {counts} from {METRIC_VALUES.qualified}").fetchall()
    columns = ["value", "n", "cohort_age", "currency", "data_through"]
    assert found == [(len(rows), *(int(rows[column].count()) for column in columns))]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_shop_without_orders_has_no_rows_but_all_columns(family: str) -> None:
    facts = {name: frame.iloc[:0] for name, frame in all_facts(3).items()}
    rows = compute(family, facts)
    assert (len(rows), tuple(rows.columns)) == (0, METRIC_VALUES.column_names)


def test_values_stand_exactly_where_the_status_says_so(rows: pd.DataFrame) -> None:
    has_value = rows["status"].isin(["final", "provisional"])
    for column in ("value", "numerator", "n"):
        assert rows.loc[has_value, column].notna().all()
        assert np.isfinite(rows.loc[has_value, column].astype(float)).all()
    for column in ("value", "n", "ci_low", "ci_high", "ci_method"):
        assert rows.loc[~has_value, column].isna().all()
    without_parts = rows["status"].isin(["suppressed", "immature", "source_absent"])
    assert rows.loc[without_parts, ["numerator", "denominator"]].isna().to_numpy().all()
    undefined = rows[rows["status"] == "undefined"]
    assert (undefined["denominator"].fillna(0) == 0).all()
    assert undefined.loc[undefined["denominator"].isna(), "unit"].isin(["hours", "days", "years"]).all()


def test_value_is_numerator_over_denominator_and_lies_in_its_interval(rows: pd.DataFrame) -> None:
    shown = rows[rows["value"].notna()]
    expected = shown["numerator"] / shown["denominator"].fillna(1)
    assert np.allclose(shown["value"], expected, rtol=1e-15)
    interval = shown[shown["ci_low"].notna()]
    assert interval["ci_method"].notna().all()
    assert (interval["ci_low"] <= interval["value"] + 1e-12).all()
    assert (interval["value"] <= interval["ci_high"] + 1e-12).all()
    fractions = interval[interval["ci_method"] == "wilson"]
    assert fractions["ci_low"].ge(0).all()
    assert fractions["ci_high"].le(1).all()
    with_method = {each.name for each in REGISTRY if each.interval}
    assert set(interval["metric"] + "." + interval["variant"].astype("str")) == with_method


def test_periods_are_final_up_to_data_through_and_provisional_after(rows: pd.DataFrame) -> None:
    shown = rows[rows["value"].notna()]
    is_open = shown["period_end"] > pd.Timestamp(2025, 6, 11)
    assert (shown.loc[is_open, "status"] == "provisional").all()
    looking_ahead = (shown["metric"].astype("str") + "." + shown["variant"].astype("str")).isin(
        ["cohort_retention.on_or_after", *(each.name for each in of_family("order_gaps"))]
    )
    assert (shown.loc[~is_open & ~looking_ahead, "status"] == "final").all()
    assert is_open.any()


def test_without_evidence_of_delivery_nothing_is_final() -> None:
    rows = FAMILIES["customer_retention"].compute(all_facts(3), context(data_through={"orders": None}))
    assert "final" not in set(rows["status"])
    assert rows["data_through"].isna().all()


def test_dates_may_come_as_python_dates() -> None:
    facts = all_facts(3)
    for name, frame in facts.items():
        dates = [column for column in ("period_start", "period_end", "cohort_start") if column in frame]
        facts[name] = frame.assign(**{column: pd.to_datetime(frame[column]) for column in dates})
    pd.testing.assert_frame_equal(compute_all(facts), compute_all(all_facts(3)))


def test_a_missing_number_in_the_facts_is_an_error_not_an_undefined_cell() -> None:
    facts = all_facts(3)
    facts["fct_period"].loc[0, "customers_retained"] = np.nan
    with pytest.raises(ValueError, match=r"customers\.retained"):
        compute("customer_retention", facts)


def test_identities_hold_in_every_cell(rows: pd.DataFrame) -> None:
    assert violations(rows).empty


def test_the_identities_notice_a_wrong_value(rows: pd.DataFrame) -> None:
    wrong = rows.copy()
    shown = wrong["value"].notna() & (wrong["metric"] == "customer_retention_rate") & (wrong["variant"] == "set_based")
    wrong.loc[shown, "value"] += 0.001
    assert "churn is one minus retention" in set(violations(wrong)["identity"])


@pytest.mark.long
@few
@given(st.integers(0, 1000))
def test_the_order_of_the_facts_does_not_matter(seed: int) -> None:
    facts = all_facts(seed)
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in facts.items()}
    pd.testing.assert_frame_equal(compute_all(facts), compute_all(shuffled))


@pytest.mark.long
@few
@given(st.integers(0, 1000))
def test_money_in_another_unit_scales_money_and_leaves_rates(seed: int) -> None:
    facts = all_facts(seed)
    scaled = {name: frame.assign(**_scaled(frame, 100)) for name, frame in facts.items()}
    before, after = compute_all(facts), compute_all(scaled)
    factor = np.where(before["unit"] == "money", 100.0, 1.0)
    for column in ("value", "ci_low", "ci_high"):
        assert np.allclose(before[column] * factor, after[column], rtol=1e-6, atol=1e-6, equal_nan=True)
    assert (before["status"] == after["status"]).all()
    assert before["n"].equals(after["n"])


def _scaled(frame: pd.DataFrame, factor: int) -> dict[str, pd.Series]:
    starts = (
        "revenue",
        "orders_x",
        "previous",
        "retained",
        "margin",
        "refunds",
        "next_value",
        "existing",
        "top_sq",
        "top_x",
    )
    money = [name for name in frame if str(name).startswith(starts) or "_spend" in str(name)]
    squared = [name for name in money if str(name).endswith("_sq") or str(name).startswith(("retained", "top_x"))]
    return {str(name): frame[name] * (factor**2 if name in squared else factor) for name in money}


@few
@given(st.integers(0, 1000), st.integers(2, 12))
def test_no_shown_count_of_a_segment_is_small_nor_is_the_hidden_rest(seed: int, minimum: int) -> None:
    facts = all_facts(seed)
    rows = compute("customer_retention", facts, min_cell_size=minimum)
    rows = rows[(rows["metric"] == "customers")]
    keys = ["variant", "basis", "grain", "period_start"]
    totals = rows[rows["segment_set"] == "all"].set_index(keys)["value"]
    segments = rows[rows["segment_set"] != "all"]
    assert not ((segments["value"] > 0) & (segments["value"] < minimum)).any()
    groups = segments.groupby(keys, observed=True)
    rest = totals - groups["value"].sum().reindex(totals.index)
    hidden = groups["status"].agg(lambda column: (column == "suppressed").sum()).reindex(totals.index)
    everything = hidden == groups.size().reindex(totals.index)
    assert ((hidden == 0) == (rest == 0)).all()
    assert ((rest == 0) | (rest >= minimum) | everything).all()
    assert (hidden != 1).all()


def test_guests_belong_to_totals_only(rows: pd.DataFrame) -> None:
    names = rows["metric"].astype("str") + "." + rows["variant"].astype("str")
    sets = rows["segment_set"].astype("str").groupby(names).agg(set)
    totals_only = {each.name for each in REGISTRY if each.totals_only}
    guests = {each.name for each in REGISTRY if each.variant.startswith("guest")}
    assert totals_only == guests | {"average_order_value.all_orders"}
    assert {name for name, found in sets.items() if found == {"all"}} == totals_only


def test_totals_are_never_suppressed(rows: pd.DataFrame) -> None:
    assert "suppressed" not in set(rows.loc[rows["segment_set"] == "all", "status"])
    assert "suppressed" in set(rows["status"])


def test_a_bridge_is_shown_with_all_its_parts_or_with_none(rows: pd.DataFrame) -> None:
    bridge = rows[rows["metric"] == "revenue_bridge"]
    hidden = bridge.groupby(["basis", "grain", "period_start", "segment_set", "segment_key"], observed=True)[
        "status"
    ].agg(lambda column: (column == "suppressed").sum())
    assert set(hidden) == {0, 8}


def test_money_carries_the_currency_and_nothing_else_does(rows: pd.DataFrame) -> None:
    assert (rows["currency"].notna() == (rows["unit"] == "money")).all()
    assert set(rows["currency"].dropna()) == {"EUR"}


def test_each_family_goes_by_the_freshness_of_its_own_source() -> None:
    early, late = dt.date(2025, 3, 5), dt.date(2025, 6, 10)
    facts = all_facts(3)
    rows = compute_all(facts, data_through={"orders": late, "feedback": early, "subscriptions": early})
    assert (
        cell(rows, "orders.standard", grain="month", period_start="2025-04-01", segment_set="all")["status"] == "final"
    )
    score = cell(rows, "net_promoter_score.standard", period_start="2025-03-01", segment_set="all")
    assert (score["status"], score["data_through"]) == ("provisional", pd.Timestamp(early))
    kept = {"grain": "month", "period_start": "2025-03-01", "segment_set": "all"}
    assert cell(rows, "customers.start", basis="subscription", **kept)["status"] == "provisional"
    assert cell(rows, "customers.start", basis="calendar", **kept)["status"] == "final"


def test_who_orders_of_the_subscribers_waits_for_the_orders_too() -> None:
    early, late = dt.date(2025, 3, 5), dt.date(2025, 6, 10)
    rows = compute("customer_retention", all_facts(3), data_through={"orders": early, "subscriptions": late})
    march = {"basis": "subscription", "grain": "month", "period_start": "2025-03-01", "segment_set": "all"}
    ordering, start = (cell(rows, f"customers.{variant}", **march) for variant in ("ordering", "start"))
    assert (ordering["status"], ordering["data_through"]) == ("provisional", pd.Timestamp(early))
    assert (start["status"], start["data_through"]) == ("final", pd.Timestamp(late))
