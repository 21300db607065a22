"""A run says how much spend lacks an exchange rate, and goes on."""

from __future__ import annotations

import duckdb

from retention_pipeline.defs.metric_steps import spend_warnings


def test_spend_without_a_rate_is_said_with_the_periods_that_lack_their_costs() -> None:
    with duckdb.connect() as build:
        build.execute(
            """
            create schema marts;
            create table marts.fct_spend_period (
                grain varchar, period_start date, segment_set varchar, acquisition_no_fx_rate_count bigint,
                retention_no_fx_rate_count bigint, acquisition_no_fx_rate_count_to_date bigint,
                retention_no_fx_rate_count_to_date bigint
            );
            insert into marts.fct_spend_period values
                ('month', date '2024-01-01', 'all', 0, 0, 0, 0), ('year', date '2023-01-01', 'all', 0, 0, 0, 0)
            """
        )
        assert spend_warnings(build) == []
        build.execute(
            """
            insert into marts.fct_spend_period values
                ('month', date '2024-02-01', 'all', 2, 1, 2, 1), ('month', date '2024-02-01', 'channel', 2, 1, 2, 1),
                ('month', date '2024-03-01', 'all', 0, 0, 2, 1), ('year', date '2024-01-01', 'all', 2, 1, 2, 1),
                ('year', date '2025-01-01', 'all', 0, 0, 2, 1)
            """
        )
        (said,) = spend_warnings(build)
    assert said.startswith("spend: 3 records have no exchange rate, so that 3 periods lack costs")
