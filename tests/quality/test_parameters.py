"""The values checks may name: complete, and harmless as text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.quality.parameters import PARAMETERS, check_parameters, configured_parts, gate_parameters


def settings(*, segments: tuple[str, ...] = (), with_customers: bool = True, **tables: dict[str, Any]) -> Settings:
    sources = {"orders": {"path": "orders.csv"}, **({"customers": {"path": "customers.csv"}} if with_customers else {})}
    return Settings.model_validate(
        {
            "shop": {
                "name": "x",
                "timezone": "America/Argentina/Buenos_Aires",
                "currency": "EUR",
                "segments": segments,
                **tables.pop("shop", {}),
            },
            "sources": {**sources, **tables.pop("sources", {})},
            **tables,
            "home_dir": Path("home"),
            "config_path": Path("retention.toml"),
        }
    )


def found(shop: Settings) -> dict[str, str]:
    return gate_parameters(shop, as_of=dt.date(2024, 4, 10), data_through=dt.date(2024, 4, 9))


def test_the_parameters_of_a_shop_are_literals() -> None:
    literals = found(settings(segments=("country",)))
    assert set(literals) == set(PARAMETERS)
    assert literals["as_of"] == "2024-04-10"
    assert literals["minimum_amount"] == "0.0"
    assert literals["segments"] == "['country']::varchar[]"
    assert literals["excluded_statuses"] == "['cancelled', 'void', 'test', 'fraud']::varchar[]"


def test_limits_and_rates_are_literals_too() -> None:
    shop = settings(
        shop={"fx_reference_date": "2024-01-01", "sla_hours": 2.5, "derived_segments": ["new_returning", "rfm"]},
        limits={
            "max_quarantined_share": 0.0000001,
            "tolerated_quarantined_rows": 3,
            "max_rate_age_days": 5,
            "control_sigmas": 2.5,
            "control_floor": 0.02,
        },
        sources={"fx_rates": {"path": "rates.csv"}},
    )
    literals = found(shop)
    assert literals["fx_reference_date"] == "2024-01-01"
    assert literals["sla_hours"] == "2.5"
    assert literals["max_quarantined_share"] == "0.0000001"
    assert literals["tolerated_quarantined_rows"] == "3"
    assert literals["max_rate_age_days"] == "5"
    assert (literals["control_sigmas"], literals["control_floor"]) == ("2.5", "0.02")
    assert literals["sources"] == "['orders', 'customers', 'fx_rates']::varchar[]"
    assert literals["derived_segments"] == "['new_returning']::varchar[]"


def test_what_is_not_configured_is_a_literal_as_well() -> None:
    literals = found(settings())
    assert literals["fx_reference_date"] == "0001-01-01"
    assert literals["sla_hours"] == "null"


def test_a_shop_without_segments_has_an_empty_list() -> None:
    assert found(settings())["segments"] == "[]::varchar[]"


def test_parts_are_configured_sources_and_segments() -> None:
    assert configured_parts(settings(segments=("country",))) == {"orders", "customers", "segments"}
    assert configured_parts(settings(with_customers=False)) == {"orders"}
    assert configured_parts(settings(sources={"tickets": {"path": "tickets.csv"}})) == {
        "orders",
        "customers",
        "tickets",
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("as_of", "2024-04-10' or '1' = '1"),
        ("as_of", "today"),
        ("currency", "EUR'; drop table x; --"),
        ("min_cell_size", "-1"),
        ("segments", "['a', 'b'' or 1=1']::varchar[]"),
        ("segments", "[select 1]::varchar[]"),
        ("sla_hours", "null or 1"),
        ("fx_reference_date", "null"),
        ("max_quarantined_share", "5%"),
        ("timezone", "Europe/Berlin'"),
        ("unknown", "1"),
    ],
)
def test_text_that_is_no_literal_is_refused(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=name):
        check_parameters({**found(settings()), name: text})


def test_a_missing_parameter_is_refused() -> None:
    with pytest.raises(ConfigError, match="as_of is missing"):
        check_parameters({name: text for name, text in found(settings()).items() if name != "as_of"})
