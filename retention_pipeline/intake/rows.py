"""From staged text to typed records: one statement per source.

Belongs here: how each contract column becomes a value and a reason, rules across columns, which reason comes first.
Not here: the spelling of numbers and timestamps (``casting``), writing to the store (``load``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from retention_pipeline.config import FeedbackSource, OrdersSource, Settings
from retention_pipeline.intake import casting
from retention_pipeline.intake.contracts import OTHER_STATUS, STATUSES, Contract, Field, FieldType
from retention_pipeline.intake.identity import hash_sql
from retention_pipeline.intake.sql import literal, quote

STAGE, FILES, TYPED = "intake_stage", "intake_files", "intake_typed"
ALWAYS_KNOWN = "DATE '1900-01-01'"
"""Known date of a customer record that carries no date at all: known from the beginning."""


@dataclass(frozen=True)
class RowSql:
    """Builds the statement for one source; ``typed`` names the columns whose text was written from typed values."""

    settings: Settings
    contract: Contract
    typed: Collection[str] = ()

    def statement(self) -> str:
        """``CREATE TABLE intake_typed``: one row per staged record with values, known date and ``_problem``."""
        fields = self.contract.fields
        texts = ", ".join(f"{casting.trimmed('s.' + quote(field.name))} AS {_text(field)}" for field in fields)
        values = ", ".join(f"{self._value(field)} AS {quote(field.name)}" for field in fields)
        reasons = ", ".join(self._problem(field) for field in fields)
        customer = hashed = ""
        if "customer_id" in self.contract.names:
            hashed = (
                " ids AS (SELECT DISTINCT _text_customer_id AS _id FROM texts WHERE _text_customer_id IS NOT NULL),"
                f" hashed AS MATERIALIZED (SELECT _id, {hash_sql('_id')} AS _hash FROM ids),"
            )
            customer = " LEFT JOIN hashed h ON t._text_customer_id = h._id"
        return (
            f"CREATE OR REPLACE TEMP TABLE {TYPED} AS WITH"
            f" texts AS (SELECT s._file, s._line, {texts} FROM {STAGE} s),"
            f"{hashed}"
            f" parsed AS (SELECT t.*, f._date, f._too_late, {values}"
            f" FROM texts t JOIN {FILES} f USING (_file){customer}),"
            f" judged AS (SELECT *, coalesce({reasons}) AS _problem FROM parsed)"
            f" SELECT _file, _line, _problem, {self._known_date()} AS _known,"
            f" {', '.join(quote(field.name) for field in fields)}{self._scale_columns()} FROM judged"
        )

    def status_words(self) -> str:
        """Query for the shop's status words that nothing is said about, and how often each stands."""
        source = self.settings.sources.orders
        known = sorted({word.strip().lower() for word in source.status} | set(STATUSES))
        text = casting.trimmed("status")
        return (
            f"SELECT coalesce(left({text}, 40), '(blank)'), sum(n)::BIGINT FROM ("
            f"SELECT status, count(*) AS n FROM {STAGE} JOIN {FILES} USING (_file) WHERE _has_status GROUP BY 1)"
            f" WHERE coalesce(lower({text}), '') NOT IN ({', '.join(map(literal, known))}) GROUP BY 1"
        )

    def _notation(self, field: Field) -> casting.Notation:
        notation = casting.Notation.of(self.settings, self.settings.sources.configured()[self.contract.source])
        return notation.typed if field.name in self.typed else notation

    def _value(self, field: Field) -> str:
        text, notation = _text(field), self._notation(field)
        shop = literal(self.settings.shop.currency)
        default = literal(str(field.default).strip().lower())
        makers: dict[FieldType, Callable[[], str]] = {
            "customer": lambda: "h._hash",
            "timestamp": lambda: casting.timestamp(text, notation),
            "decimal": lambda: casting.number(text, notation),
            "score": lambda: casting.number(text, notation),
            "currency": lambda: f"coalesce(upper({text}), {shop})",
            "status": lambda: self._status(text, field),
            "kind": lambda: f"coalesce(lower({text}), {default})" if field.default else f"lower({text})",
        }
        return makers[field.type]() if field.type in makers else text

    def _status(self, text: str, field: Field) -> str:
        source = self.settings.sources.orders
        meanings = {status: status for status in STATUSES}
        if isinstance(source, OrdersSource):
            meanings |= {word.strip().lower(): meaning for word, meaning in source.status.items()}
        cases = " ".join(f"WHEN {literal(word)} THEN {literal(meaning)}" for word, meaning in meanings.items())
        return (
            f"CASE WHEN NOT f._has_status THEN {literal(str(field.default))}"
            f" ELSE CASE lower({text}) {cases} ELSE {literal(OTHER_STATUS)} END END"
        )

    def _problem(self, field: Field) -> str:
        """``column:reason`` of the first thing wrong with a column, else NULL."""
        text, value = _text(field), quote(field.name)
        reasons = [f"CASE WHEN {text} IS NULL THEN 'missing_{field.name}' END"] if field.needs_value else []
        reasons.append(casting.length_reason(text))
        if field.type == "timestamp":
            earliest = casting.to_utc(f"TIMESTAMP '{self.settings.limits.earliest_date}'", self.settings.shop.timezone)
            reasons.append(casting.timestamp_reason(text, value, earliest, "_too_late"))
        elif field.type in {"decimal", "score"}:
            reasons.append(casting.number_reason(text, value, self._notation(field)))
        if field.type == "currency":
            shop = literal(self.settings.shop.currency)
            reasons.append(f"CASE WHEN {value} <> {shop} THEN 'currency_not_supported' END")
        elif field.type == "kind":
            kinds = ", ".join(literal(kind) for kind in self._scales())
            reasons.append(f"CASE WHEN {value} NOT IN ({kinds}) THEN 'unknown_feedback_kind' END")
        elif field.type == "score":
            reasons.append(self._score_reason(value))
        elif field.name == "refund_amount":
            reasons.append(f"CASE WHEN {value} < 0 THEN 'negative_refund'"
                           f" WHEN amount > 0 AND {value} > amount THEN 'refund_exceeds_amount' END")  # fmt: skip
        return f"'{field.name}:' || coalesce({', '.join(reasons)})"

    def _scales(self) -> dict[str, tuple[str, str, str]]:
        source = self.settings.sources.feedback
        scales = source.scales if isinstance(source, FeedbackSource) else {}
        return {
            kind.strip().lower(): (literal(scale.measure), repr(scale.min), repr(scale.max))
            for kind, scale in scales.items()
        }

    def _scale(self, part: int) -> str:
        cases = " ".join(f"WHEN {literal(kind)} THEN {scale[part]}" for kind, scale in self._scales().items())
        return f"CASE kind {cases} END"

    def _score_reason(self, value: str) -> str:
        low, high = (f"CAST({self._scale(part)} AS DECIMAL(9,2))" for part in (1, 2))
        steps = f"{self._scale(0)} IN ('nps', 'thumbs')"
        return (
            f"CASE WHEN {value} NOT BETWEEN {low} AND {high} OR ({steps} AND {value} <> trunc({value}))"
            f" THEN 'score_out_of_scale' WHEN {value} <> round({value}, 2) THEN 'number_too_many_decimals' END"
        )

    def _scale_columns(self) -> str:
        if self.contract.source != "feedback":
            return ""
        return f", {self._scale(0)} AS measure, {self._scale(1)} AS scale_min, {self._scale(2)} AS scale_max"

    def _known_date(self) -> str:
        when = f"coalesce(updated_at, {self.contract.event})"
        if self.settings.sources.configured()[self.contract.source].is_dated:
            return "_date"
        beginning = ALWAYS_KNOWN if self.contract.source == "customers" else "NULL"
        date = f"coalesce({casting.local_date(when, self.settings.shop.timezone)}, {beginning})"
        return f"CASE WHEN _problem IS NULL OR _problem NOT LIKE '%:timestamp%' THEN {date} END"


def _text(field: Field) -> str:
    return f"_text_{field.name}"
