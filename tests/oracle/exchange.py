"""Foreign currencies: which rate holds on a day, and amounts in the shop's currency.

Belongs here: rates and rounding. Not here: what is converted.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from tests.oracle.records import MONEY_SCALE, Coverage, Records, Shop
from tests.oracle.source_records import Rate
from tests.oracle.versions import known_rows

ONE = Decimal(1)


class Exchange:
    """The rates known at ``as_of``."""

    def __init__(self, records: Records, shop: Shop, as_of: dt.date) -> None:
        self.shop = shop
        quotes: dict[str, dict[dt.date, Rate]] = defaultdict(dict)
        rows = known_rows(records.fx_rates, records.coverage.get("fx_rates", Coverage()), as_of)
        for row in sorted(rows, key=lambda row: (row.known_date, row.line)):
            quotes[row.currency][shop.business_date(row.quoted_at)] = row
        self.rates = {
            currency: [(day, days[day].rate) for day in sorted(days)] for currency, days in quotes.items()
        }  # fmt: skip

    def rate(self, currency: str | None, day: dt.date) -> Decimal | None:
        """The latest rate up to ``day``, unless it is too old; 1 for the shop's own currency."""
        if currency is None or currency == self.shop.currency:
            return ONE
        found = self._latest(currency, day)
        if found is None or (day - found[0]).days > self.shop.max_rate_age_days:
            return None
        return found[1]

    def reference_rate(self, currency: str | None) -> Decimal:
        """The rate at which amounts of all times are made comparable."""
        if currency is None or currency == self.shop.currency:
            return ONE
        day = self.shop.fx_reference_date
        found = None if day is None else self._latest(currency, day)
        return (found or self.rates[currency][0])[1]

    def _latest(self, currency: str, day: dt.date) -> tuple[dt.date, Decimal] | None:
        held = self.rates.get(currency, [])
        index = bisect_right(held, day, key=lambda entry: entry[0])
        return held[index - 1] if index else None


def convert(amount: Decimal, rate: Decimal) -> int:
    """An amount at a rate in whole ten-thousandths, a half rounded away from zero."""
    return int((amount * rate * MONEY_SCALE).quantize(ONE, rounding=ROUND_HALF_UP))
