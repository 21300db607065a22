"""Whether a delivery looks like those before it: its amounts of the same size, its ids of the same form.

A shop that begins to deliver cents instead of euros, or ids under a new scheme, delivers records that are valid one by
one. They are compared with what came before: amounts by their median, ids by the kinds of characters and the length.
Belongs here: profiles and the comparison, on plain numbers. Not here: taking profiles from records and keeping them
(``profiles``).
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

STEPS_PER_DECADE = 20
"""Amounts are counted by their order of magnitude, in steps of 12 %."""
FACTOR = 20
"""Medians that lie further apart than this are no longer chance: half way, and more, to cents (100)."""
_TAIL = 0.05
"""... provided that the new median lies among the largest or smallest twentieth of the amounts before."""
NEW_FORMS = 0.5
"""Share of ids of a form that never occurred before."""
LEAST_NOW, LEAST_BEFORE = 10, 30
"""Values that must be there to compare: in the newest deliveries, and in those before."""
DELIVERIES_BEFORE, ENOUGH_BEFORE = 90, 1_000
"""How far back amounts are compared: so many deliveries, fewer where they hold so many amounts."""

Profile = dict[str, Counter[str]]
"""Per aspect how often each value occurs: ``form customer_id`` to forms, ``size amount EUR`` to orders of magnitude."""
FORM, SIZE = "form", "size"


@dataclass
class History:
    """What was delivered before, by business date.

    Attributes:
        days: Profiles of the deliveries that may be compared.
        known_since: Per aspect and form the day by which it had occurred often enough to be no news any more.
        totals: Per aspect how often each form has occurred, also before these days.
    """

    days: dict[dt.date, Profile] = field(default_factory=dict)
    known_since: dict[str, dict[str, dt.date]] = field(default_factory=lambda: defaultdict(dict))
    totals: Profile = field(default_factory=lambda: defaultdict(Counter))
    _order: list[dt.date] = field(default_factory=list)

    def recall(self, day: dt.date, profile: Profile) -> None:
        """Put back the profile of a day whose forms are counted already."""
        if day not in self.days:
            bisect.insort(self._order, day)
        self.days[day] = profile

    def add(self, day: dt.date, profile: Profile) -> None:
        """Remember the profile of a day; another of the same day is replaced."""
        if day in self.days:
            self.forget(day)
        self.recall(day, profile)
        for aspect, form, count in _forms(profile):
            self.totals[aspect][form] += count
            if self.totals[aspect][form] >= LEAST_NOW:
                self.known_since[aspect].setdefault(form, day)

    def forget(self, day: dt.date) -> None:
        """Take the profile of a day out again: its file was refused, or replaced."""
        for aspect, form, count in _forms(self.days.pop(day)):
            self.totals[aspect][form] -= count
            if self.totals[aspect][form] < LEAST_NOW:
                self.known_since[aspect].pop(form, None)
        self._order.remove(day)

    def judge(self, day: dt.date, comparable_from: dt.date | None = None) -> Iterator[tuple[str, str]]:
        """Each aspect of a day that is unlike what came before, and how.

        Where a day has few records, the days before it are looked at together with it.
        """
        since = comparable_from if comparable_from is not None and day >= comparable_from else dt.date.min
        order = self._order
        last, start = bisect.bisect_right(order, day), bisect.bisect_left(order, since)
        for aspect in sorted(self.days[day]):
            now, at = self._pooled(aspect, last - 1, start, LEAST_NOW)
            enough = ENOUGH_BEFORE if aspect.startswith(SIZE) else LEAST_BEFORE
            before, _ = self._pooled(aspect, at - 1, max(start, at - DELIVERIES_BEFORE), enough)
            known = self.known_since[aspect]
            said = compare(aspect, now, before, {form for form, day in known.items() if day < order[at]})
            if said is not None:
                yield aspect, said

    def _pooled(self, aspect: str, newest: int, oldest: int, enough: int) -> tuple[Counter[str], int]:
        """The values of an aspect from a day backwards until there are enough of them, and the day reached."""
        found: Counter[str] = Counter()
        count, at = 0, newest
        for at in range(newest, oldest - 1, -1):
            counts = self.days[self._order[at]].get(aspect)
            if counts is not None:
                found.update(counts)
                count += counts.total()
                if count >= enough:
                    break
        return found, at


def _forms(profile: Profile) -> Iterator[tuple[str, str, int]]:
    for aspect, counts in profile.items():
        if aspect.startswith(FORM):
            yield from ((aspect, form, count) for form, count in counts.items())


def compare(aspect: str, now: Mapping[str, int], before: Mapping[str, int], seen: Iterable[str] = ()) -> str | None:
    """How the newest values of an aspect differ from those before; None where they do not, or are too few to say.

    Args:
        aspect: ``form`` or ``size`` and the column.
        now: How often each value occurs in the newest deliveries.
        before: The same of those before.
        seen: Forms that are no news.
    """
    count, count_before = sum(now.values()), sum(before.values())
    if count < LEAST_NOW or count_before < LEAST_BEFORE:
        return None
    kind, _, column = aspect.partition(" ")
    if kind == SIZE:
        return _other_size(column, _sizes(now), _sizes(before))
    return _other_form(column, now, {*seen})


def _sizes(counts: Mapping[str, int]) -> Counter[int]:
    return Counter({int(value): count for value, count in counts.items()})


def _other_size(column: str, now: Counter[int], before: Counter[int]) -> str | None:
    middle, middle_before = _quantile(now, 0.5), _quantile(before, 0.5)
    steps = middle - middle_before
    is_far = not _quantile(before, _TAIL) <= middle <= _quantile(before, 1 - _TAIL)
    factor = 10 ** (abs(steps) / STEPS_PER_DECADE)
    if factor < FACTOR or not is_far:
        return None
    times = f"{factor:,.0f} times" if steps > 0 else f"one {factor:,.0f}th of"
    return (
        f"{column}: the median of {now.total():,} values is about {times} that of the {before.total():,} before;"
        " was the unit changed?"
    )


def _quantile(counts: Counter[int], share: float) -> int:
    wanted = share * counts.total()
    reached = 0
    for value in sorted(counts):
        reached += counts[value]
        if reached >= wanted:
            return value
    raise ValueError("no values")


def _other_form(column: str, now: Mapping[str, int], seen: set[str]) -> str | None:
    count = sum(now.values())
    new = {form: number for form, number in now.items() if not _is_known(form, seen)}
    share = sum(new.values()) / count
    if share <= NEW_FORMS:
        return None
    most = max(new, key=lambda form: (new[form], form))
    return (
        f"{column}: {share:.0%} of {count:,} values have a form that never occurred before, such as {_words(most)};"
        f" before: {'; '.join(sorted(map(_words, sorted(seen)))[:3])}"
    )


@functools.lru_cache(maxsize=4096)
def form_of(kinds: str, length: int) -> str:
    """The form of an id.

    Args:
        kinds: ``A``, ``a`` and ``9`` where it has capitals, small letters and digits, then its other characters.
        length: In characters.
    """
    found = sorted({each if each in "Aa9" or not each.isalnum() else "?" for each in kinds})
    return f"{''.join(found)}:{length}"


def _is_known(form: str, seen: set[str]) -> bool:
    """Running numbers gain a digit now and then, which is no other scheme."""
    kinds, _, length = form.rpartition(":")
    return any(f"{kinds}:{int(length) + more}" in seen for more in (-1, 0, 1))


def _words(form: str) -> str:
    kinds, _, length = form.rpartition(":")
    names = {"A": "capitals", "a": "small letters", "9": "digits", "?": "other letters"}
    return f"{length} characters of {', '.join(names.get(kind, repr(kind)) for kind in kinds)}"
