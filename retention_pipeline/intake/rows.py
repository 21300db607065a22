"""From staged text to typed records: one statement per source.

Belongs here: how each contract column becomes a value and a reason, which reason comes first. Not here: the spelling of
numbers and timestamps (``casting``), rules of single sources (``rules``), writing to the store (``load``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from retention_pipeline.config import Settings
from retention_pipeline.intake import casting, rules
from retention_pipeline.intake.fields import Contract, Field, FieldType
from retention_pipeline.intake.identity import hash_sql
from retention_pipeline.intake.scales import Scales
from retention_pipeline.intake.sql import literal, lowered, quote
from retention_pipeline.intake.vocabulary import vocabulary_of

STAGE, FILES, TYPED = "intake_stage", "intake_files", "intake_typed"
ALWAYS_KNOWN = "DATE '1900-01-01'"
"""Known date of a record that carries no date at all: known from the beginning."""


@dataclass(frozen=True)
class RowSql:
    """Builds the statement for one source.

    Attributes:
        settings: The shop.
        contract: The source.
        typed: Columns whose text was written from typed values.
        hashed: What a customer begins with that is a hash already; None: no customer is.
    """

    settings: Settings
    contract: Contract
    typed: Collection[str] = ()
    hashed: str | None = None

    def statement(self) -> str:
        """``CREATE TABLE intake_typed``: one row per staged record with values, known date and ``_problem``."""
        fields = self.contract.fields
        texts = ", ".join(f"{casting.trimmed('s.' + quote(field.name))} AS {_text(field)}" for field in fields)
        values = ", ".join(f"{self._value(field)} AS {quote(field.name)}" for field in fields)
        reasons = ", ".join(self._problem(field) for field in fields)
        scales = f", {Scales.of(self.settings).columns}" if self.contract.source == "feedback" else ""
        customer = hashed = ""
        if "customer_id" in self.contract.names:
            hashed = (
                " ids AS (SELECT DISTINCT _text_customer_id AS _id FROM texts WHERE _text_customer_id IS NOT NULL),"
                f" hashed AS MATERIALIZED (SELECT _id, {self._hash()} AS _hash FROM ids),"
            )
            customer = " LEFT JOIN hashed h ON t._text_customer_id = h._id"
        return (
            f"CREATE OR REPLACE TEMP TABLE {TYPED} AS WITH"
            f" texts AS (SELECT s._file, s._line, {texts} FROM {STAGE} s),"
            f"{hashed}"
            f" parsed AS (SELECT t.*, f._date, f._too_late, f._until, {values}"
            f" FROM texts t JOIN {FILES} f USING (_file){customer}),"
            f" judged AS (SELECT *, coalesce({reasons}) AS _problem FROM parsed)"
            f" SELECT _file, _line, _problem, {self._known_date()} AS _known,"
            f" {', '.join(quote(field.name) for field in fields)}{scales} FROM judged"
        )

    def _hash(self) -> str:
        if self.hashed is None:
            return hash_sql("_id")
        rest = f"substr(_id, {len(self.hashed) + 1})"
        return f"CASE WHEN starts_with(_id, {literal(self.hashed)}) THEN {rest} ELSE {hash_sql('_id')} END"

    def unexplained_words(self) -> str | None:
        """Query for the words that count as ``other``, and how often each stands; ``None`` where none can."""
        word = self.contract.word
        vocabulary = vocabulary_of(self.settings, self.contract.source) if word is not None else None
        if word is None or vocabulary is None or vocabulary.other is None:
            return None
        text = casting.trimmed(quote(word))
        known = ", ".join(map(lowered, sorted(vocabulary.meanings)))
        return (
            f"SELECT coalesce(left({text}, 40), '(blank)'), sum(n)::BIGINT FROM ("
            f"SELECT {quote(word)}, count(*) AS n FROM {STAGE} JOIN {FILES} USING (_file) WHERE _has_word"
            f" AND EXISTS (SELECT 1 FROM {TYPED} t WHERE t.{quote(word)} = {literal(vocabulary.other)}) GROUP BY 1)"
            f" WHERE coalesce(lower({text}), '') NOT IN ({known}) GROUP BY 1"
        )

    def _notation(self, field: Field) -> casting.Notation:
        notation = casting.Notation.of(self.settings, self.settings.sources.configured()[self.contract.source])
        return notation.typed if field.name in self.typed else notation

    def _value(self, field: Field) -> str:
        text, notation = _text(field), self._notation(field)
        lower = f"lower({text})"
        makers: dict[FieldType, Callable[[], str]] = {
            "customer": lambda: "h._hash",
            "timestamp": lambda: casting.timestamp(text, notation),
            "date": lambda: casting.date(text, notation),
            "grain": lambda: rules.grain(text),
            "decimal": lambda: casting.number(text, notation, field.decimals),
            "score": lambda: casting.number(text, notation, field.decimals),
            "currency": lambda: _or(f"upper({text})", field.default and self.settings.shop.currency),
            "word": lambda: self._word(text, field),
            "code": lambda: rules.code(text),
            "kind": lambda: lower if field.default is None else f"coalesce({lower}, {lowered(field.default)})",
            "text": lambda: _or(text, field.default),
        }
        return makers[field.type]() if field.type in makers else text

    def _word(self, text: str, field: Field) -> str:
        known = vocabulary_of(self.settings, self.contract.source).sql(text)
        if field.default is None:
            return known
        return f"CASE WHEN NOT f._has_word THEN {literal(field.default)} ELSE {known} END"

    def _problem(self, field: Field) -> str:
        """``column:reason`` of the first thing wrong with a column, else NULL."""
        text, value = _text(field), quote(field.name)
        reasons = [rules.missing_reason(self.contract, field, text), casting.length_reason(text)]
        if field.type == "timestamp":
            earliest = casting.to_utc(f"TIMESTAMP '{self.settings.limits.earliest_date}'", self.settings.shop.timezone)
            latest = None if field.may_lie_ahead else "_too_late"
            reasons.append(casting.timestamp_reason(text, value, earliest, latest))
        elif field.type == "date":
            earliest = f"DATE '{self.settings.limits.earliest_date}'"
            reasons.append(casting.timestamp_reason(text, value, earliest, "_too_late"))
        elif field.type in {"decimal", "score"}:
            reasons.append(casting.number_reason(text, value, self._notation(field), field.decimals))
        if field.type == "kind":
            reasons.append(Scales.of(self.settings).kind_reason(value))
        elif field.type == "score":
            reasons.append(Scales.of(self.settings).score_reason(value))
        reasons.append(rules.rule_reason(self.settings, self.contract, field))
        return f"'{field.name}:' || coalesce({', '.join(reasons)})"

    def _known_date(self) -> str:
        source = self.settings.sources.configured()[self.contract.source]
        if source.is_dated and not source.is_incremental:
            return "_date"
        when = f"coalesce({', '.join((*self.contract.known_by, 'NULL::TIMESTAMP'))})"
        beginning = ALWAYS_KNOWN if self.contract.is_timeless else self.contract.known_from or "NULL"
        date = f"coalesce({casting.local_date(when, self.settings.shop.timezone)}, {beginning})"
        if source.is_incremental:  # a day's increment is known on that day, the history before it on its own dates
            date = f"coalesce(_date, least({date}, _until))"
        return f"CASE WHEN _problem IS NULL OR _problem NOT LIKE '%:timestamp%' THEN {date} END"


def _text(field: Field) -> str:
    return f"_text_{field.name}"


def _or(value: str, default: str | None) -> str:
    return value if default is None else f"coalesce({value}, {literal(default)})"
