"""What control limits promise, measured: few false alarms, also where periods differ by themselves, and real power."""

from __future__ import annotations

import pytest

from tests.correctness.control import table

Measured = dict[str, dict[str, float]]


@pytest.fixture(scope="module")
def measured() -> Measured:
    return table(100)


def test_a_shop_where_nothing_happens_is_hardly_ever_called_out(measured: Measured) -> None:
    """Three standard deviations of a normal number are passed by 0.27 %; the limits are estimated, so a little more."""
    for name in ("independent months", "independent weeks", "stable shop, months", "stable shop, weeks"):
        assert 0.0005 < measured[name]["outside"] < 0.008, name


def test_where_periods_differ_by_themselves_the_limits_widen_and_binomial_ones_would_cry_wolf(
    measured: Measured,
) -> None:
    for name, wider, wolf in (
        ("months whose rate varies by 2 points", 1.4, 0.05),
        ("months whose rate varies by 4 points", 2.2, 0.2),
    ):
        assert measured[name]["overdispersion"] > wider
        assert measured[name]["binomial"] > wolf
        assert measured[name]["outside"] < 0.03


def test_a_fall_of_five_points_is_noticed_as_often_as_600_cases_allow(measured: Measured) -> None:
    """0.05 is three standard deviations of 0.8 among 600: four in ten of the falls pass the limit at once."""
    assert measured["independent months"]["at once"] == pytest.approx(0.40, abs=0.15)
    assert measured["independent months"]["in three"] > 0.6
    assert measured["stable shop, months"]["in three"] > 0.8
    assert measured["stable shop, weeks"]["in three"] > 0.95
