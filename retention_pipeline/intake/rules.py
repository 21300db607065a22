r"""What a value may be beyond being well spelt: signs, order in time, codes, currencies.

Belongs here: rules of single sources, each an SQL expression over parsed values that is a reason code or NULL.
Not here: the spelling of numbers and timestamps (``casting``), the statement they become part of (``rows``).

Reason codes: ``missing_<column>`` where a value is missing under a condition only, ``negative_refund``,
``refund_exceeds_amount``, ``negative_discount``, ``negative_amount``, ``ended_before_started``, ``before_opened``,
``not_a_code``, ``currency_not_a_code``, ``currency_not_supported``, ``rate_not_positive``, ``own_currency_not_one``,
``unknown_spend_kind``, ``unknown_grain``, ``unknown_measure``, ``not_first_day_of_period``, ``not_a_whole_number``.
"""

from __future__ import annotations

from retention_pipeline.config import Settings
from retention_pipeline.core.periods import GRAINS
from retention_pipeline.intake.fields import Contract, Field
from retention_pipeline.intake.sql import literal, quote

CODE = "[a-z0-9][a-z0-9 _./-]{0,39}"
"""Shape of a reason code, in lower case: too short for a story, without the marks of addresses."""

_MISSING = {
    # an invitation that was sent and not answered yet lacks both; an answer lacks neither
    ("feedback", "submitted_at"): "_text_submitted_at IS NULL AND (_text_score IS NOT NULL OR _text_sent_at IS NULL)",
    ("feedback", "score"): "_text_score IS NULL AND _text_submitted_at IS NOT NULL",
    ("benchmarks", "segment_set"): "segment_set = 'all' AND segment_key <> 'all'",
    ("benchmarks", "segment_key"): "segment_set <> 'all' AND _text_segment_key IS NULL",
}
_RULES = {
    ("orders", "refund_amount"): (
        ("refund_amount < 0", "negative_refund"),
        ("amount > 0 AND refund_amount > amount", "refund_exceeds_amount"),
    ),
    ("orders", "discount_amount"): (("discount_amount < 0", "negative_discount"),),
    ("subscriptions", "ended_at"): (("ended_at < started_at", "ended_before_started"),),
    ("subscriptions", "monthly_amount"): (("monthly_amount < 0", "negative_amount"),),
    ("tickets", "first_response_at"): (("first_response_at < opened_at", "before_opened"),),
    ("tickets", "resolved_at"): (("resolved_at < opened_at", "before_opened"),),
    ("churn_reasons", "reason"): (("_text_reason IS NOT NULL AND reason IS NULL", "not_a_code"),),
    ("spend", "kind"): (("_text_kind IS NOT NULL AND kind IS NULL", "unknown_spend_kind"),),
    ("spend", "amount"): (("amount < 0", "negative_amount"),),
    ("control_totals", "grain"): (("_text_grain IS NOT NULL AND grain IS NULL", "unknown_grain"),),
    ("control_totals", "measure"): (("_text_measure IS NOT NULL AND measure IS NULL", "unknown_measure"),),
    ("control_totals", "value"): (
        ("value < 0 AND measure <> 'revenue_net'", "negative_amount"),
        ("measure = 'orders' AND value <> trunc(value)", "not_a_whole_number"),
    ),
    ("fx_rates", "rate"): (("rate <= 0", "rate_not_positive"),),
}


PERIOD_END = (
    "CAST(CASE grain WHEN 'day' THEN period_start + 1 WHEN 'week' THEN period_start + 7"
    " WHEN 'month' THEN period_start + INTERVAL 1 MONTH WHEN 'quarter' THEN period_start + INTERVAL 3 MONTH"
    " ELSE period_start + INTERVAL 1 YEAR END AS DATE)"
)
"""First day after the period of a control total."""
_WEEKDAYS = {"monday": 1, "saturday": 6, "sunday": 7}


def grain(text: str) -> str:
    """A text as the name of a grain; NULL when it is none."""
    names = ", ".join(map(literal, GRAINS))
    return f"CASE WHEN lower({text}) IN ({names}) THEN lower({text}) END"


def code(text: str) -> str:
    """A text as a code; NULL when it is anything longer or richer than that."""
    return f"CASE WHEN regexp_full_match(lower({text}), {literal(CODE)}) THEN lower({text}) END"


def missing_reason(contract: Contract, field: Field, text: str) -> str:
    """Reason of a value that should be there, else NULL."""
    condition = f"{text} IS NULL" if field.needs_value else _MISSING.get((contract.source, field.name))
    return "NULL" if condition is None else f"CASE WHEN {condition} THEN 'missing_{field.name}' END"


def rule_reason(settings: Settings, contract: Contract, field: Field) -> str:
    """Reason of a value that breaks a rule of its source, else NULL."""
    rules = list(_RULES.get((contract.source, field.name), ()))
    shop = literal(settings.shop.currency)
    if field.type == "currency":
        rules.append(_currency_rule(settings, contract, quote(field.name), shop))
    elif (contract.source, field.name) == ("fx_rates", "rate"):
        rules.append((f"currency = {shop} AND rate <> 1", "own_currency_not_one"))
    elif (contract.source, field.name) == ("control_totals", "period_start"):
        rules.append((_within_a_period(settings), "not_first_day_of_period"))
    if not rules:
        return "NULL"
    return f"CASE {' '.join(f'WHEN {condition} THEN {literal(reason)}' for condition, reason in rules)} END"


def _currency_rule(settings: Settings, contract: Contract, value: str, shop: str) -> tuple[str, str]:
    """With exchange rates a record may be in any currency, without them in the shop's only; a total always is."""
    if contract.source == "control_totals":
        return f"{value} <> {shop}", "currency_not_supported"
    if contract.source == "fx_rates" or settings.sources.fx_rates is not None:
        return f"NOT regexp_full_match({value}, '[A-Z]{{3}}')", "currency_not_a_code"
    return f"{value} <> {shop}", "currency_not_supported"


def _within_a_period(settings: Settings) -> str:
    """Whether the day of a control total is another than the first of a period of its grain."""
    return (
        f"CASE grain WHEN 'week' THEN isodow(period_start) <> {_WEEKDAYS[settings.shop.week_start]}"
        " WHEN 'day' THEN false ELSE period_start <> CAST(date_trunc(grain, period_start) AS DATE) END"
    )
