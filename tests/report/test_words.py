from __future__ import annotations

from retention_pipeline.report.published import Value
from retention_pipeline.report.words import NAME_LENGTH, NAMES_LISTED, listing, name, percent, points, with_interval


def test_a_value_carries_its_interval_and_says_when_it_is_not_final() -> None:
    assert with_interval(Value(0.5, 0.4, 0.6, "final", 9), percent) == "50.0 % [40.0 %, 60.0 %]"
    assert with_interval(Value(0.5, None, None, "provisional", 9), percent) == "50.0 % provisional"
    assert with_interval(Value(None, None, None, "suppressed", None), percent) == "suppressed"


def test_scores_carry_a_sign_unless_they_are_zero() -> None:
    assert [points(value) for value in (-0.5, 0.0, 0.001, 1.0)] == ["-50", "0", "0", "+100"]


def test_a_name_is_one_short_printable_line() -> None:
    assert name("a\n\t b\x00\u202ec") == "a b c"
    assert len(name("x" * 500)) == NAME_LENGTH


def test_a_list_reads_as_a_phrase_and_is_cut() -> None:
    assert listing(["a"]) == "a"
    assert listing(["a", "b", "c"]) == "a, b and c"
    assert listing([str(number) for number in range(NAMES_LISTED + 5)]).endswith(" and 5 more")
