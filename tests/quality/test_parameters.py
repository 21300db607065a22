"""The values checks may name: complete, and harmless as text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.quality.parameters import PARAMETERS, check_parameters, configured_parts, gate_parameters
from tests.quality import shop


def settings(*, segments: tuple[str, ...] = (), with_customers: bool = True) -> Settings:
    sources = {"orders": {"path": "orders.csv"}, **({"customers": {"path": "customers.csv"}} if with_customers else {})}
    return Settings.model_validate(
        {
            "shop": {
                "name": "x",
                "timezone": "America/Argentina/Buenos_Aires",
                "currency": "EUR",
                "segments": segments,
            },
            "sources": sources,
            "home_dir": Path("home"),
            "config_path": Path("retention.toml"),
        }
    )


def test_the_parameters_of_a_shop_are_literals() -> None:
    found = gate_parameters(
        settings(segments=("country",)), as_of=dt.date(2024, 4, 10), data_through=dt.date(2024, 4, 9)
    )
    assert set(found) == set(PARAMETERS)
    assert found["as_of"] == "2024-04-10"
    assert found["minimum_amount"] == "0.0"
    assert found["segments"] == "['country']::varchar[]"
    assert found["excluded_statuses"] == "['cancelled', 'void', 'test', 'fraud']::varchar[]"


def test_a_shop_without_segments_has_an_empty_list() -> None:
    found = gate_parameters(settings(), as_of=dt.date(2024, 4, 10), data_through=dt.date(2024, 4, 9))
    assert found["segments"] == "[]::varchar[]"


def test_parts_are_configured_sources_and_segments() -> None:
    assert configured_parts(settings(segments=("country",))) == {"orders", "customers", "segments"}
    assert configured_parts(settings(with_customers=False)) == {"orders"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("as_of", "2024-04-10' or '1' = '1"),
        ("as_of", "today"),
        ("currency", "EUR'; drop table x; --"),
        ("min_cell_size", "-1"),
        ("segments", "['a', 'b'' or 1=1']::varchar[]"),
        ("segments", "[select 1]::varchar[]"),
        ("timezone", "Europe/Berlin'"),
        ("unknown", "1"),
    ],
)
def test_text_that_is_no_literal_is_refused(name: str, text: str) -> None:
    with pytest.raises(ConfigError, match=name):
        check_parameters({**shop.PARAMETERS, name: text})


def test_a_missing_parameter_is_refused() -> None:
    with pytest.raises(ConfigError, match="as_of is missing"):
        check_parameters({name: text for name, text in shop.PARAMETERS.items() if name != "as_of"})
