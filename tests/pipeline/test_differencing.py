"""Subtraction attacks on what the demo shop publishes."""

from __future__ import annotations

import duckdb
import pytest

from tests.pipeline.conftest import ShopFolder
from tests.privacy.attack import attack


def tell(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """Print a figure although the test passes."""
    with capsys.disabled():
        print(f"\n{text}")  # noqa: T201  # the figure of the catalogue of faults


@pytest.mark.long
def test_no_small_cell_follows_from_sums_over_segments_and_periods(
    published_shop: ShopFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    path = published_shop.settings.home.published / "current" / "retention.duckdb"
    with duckdb.connect(str(path), read_only=True) as version:
        found = attack(version, published_shop.settings.shop.min_cell_size)
    tell(capsys, f"X3: {found.told} of {found.hidden} hidden cells follow from sums, {found.small} of a small group")
    assert found.hidden > 500
    assert found.small == 0


def test_the_attack_finds_a_cell_that_is_hidden_in_its_month_only() -> None:
    """Without suppression across periods the quarter and two shown months tell the third."""
    with duckdb.connect() as version:
        version.execute("create table fct_period (basis varchar, segment_set varchar, segment_key varchar,"
                        " grain varchar, period_start date, customers_ordering integer)")  # fmt: skip
        version.execute("create table metric_values (metric varchar, variant varchar, basis varchar, segment_set"
                        " varchar, segment_key varchar, grain varchar, period_start date, period_end date,"
                        " cohort_start date, is_additive boolean, status varchar)")  # fmt: skip
        for key in ("AT", "DE"):
            for month in (1, 2, 3):
                status = "suppressed" if month == 1 else "final"
                version.execute("insert into metric_values values ('revenue', 'gross', 'calendar', 'country', ?,"
                                " 'month', make_date(2024, ?, 1), make_date(2024, ?, 1), null, true, ?)",
                                [key, month, month + 1, status])  # fmt: skip
            version.execute("insert into metric_values values ('revenue', 'gross', 'calendar', 'country', ?,"
                            " 'quarter', date '2024-01-01', date '2024-04-01', null, true, 'final')",
                            [key])  # fmt: skip
            version.execute("insert into fct_period values ('calendar', 'country', ?, 'month', date '2024-01-01', ?)",
                            [key, 3 if key == "AT" else 9])  # fmt: skip
        found = attack(version, 5)
        assert (found.hidden, found.told, found.small) == (2, 2, 1)
        version.execute("update metric_values set status = 'suppressed' where grain = 'quarter'")
        found = attack(version, 5)
    assert (found.hidden, found.told) == (4, 0)
