"""Asking Great Expectations about one table, and reading its answers.

Belongs here: which questions are put how, what an answer says. Not here: what follows from it (``gate``, ``report``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_pipeline.core.errors import ConfigError
from retention_pipeline.quality.expectations import ORDERED_COLUMNS, SQL_CHECK, Expectation
from retention_pipeline.quality.great import great

if TYPE_CHECKING:
    from sqlalchemy import Connection

EXAMPLES = 5
_LABEL = "check"
_CUSTOMER, _WITHHELD = "customer_id", "(withheld)"


@dataclass(frozen=True)
class Evaluation:
    """What was found for one expectation; with ``error`` it could not be evaluated, which is not the same as failed."""

    success: bool
    observed: str = ""
    unexpected_count: int | None = None
    examples: tuple[str, ...] = ()
    error: str | None = None


def evaluate(
    connection: Connection, table: str, key: Sequence[str], expectations: Sequence[Expectation]
) -> dict[str, Evaluation]:
    """Evaluate all expectations of one table.

    Everything is asked for in one round that only counts, which Great Expectations bundles into few statements. What
    failed is asked again for examples; what raised is asked again alone, so that one unanswerable question does not
    spoil the others of its bundle.

    Args:
        connection: From ``open_database``.
        table: ``schema.table``.
        key: Columns shown as examples of violating rows.
        expectations: With distinct ``check`` labels.

    Returns:
        One evaluation per label.

    Raises:
        ConfigError: An expectation's class or arguments do not exist.
        RuntimeError: Great Expectations answered another number of expectations than it was asked.
    """
    objects = [build(expectation, counting=True) for expectation in expectations]
    maps = [one for one in objects if isinstance(one, great().map_classes)]
    others = [one for one in objects if not isinstance(one, great().map_classes)]
    answers = _ask(connection, table, others, {"result_format": "BASIC"})
    answers |= _ask(connection, table, maps, {"result_format": "BOOLEAN_ONLY"})
    if set(answers) != {expectation.check for expectation in expectations}:
        raise RuntimeError(f"{table}: {len(expectations)} expectations declared, {len(answers)} evaluated")
    failed, raised = [], []
    for expectation in expectations:
        if _exception(answers[expectation.check].exception_info) is not None:
            raised.append([expectation])
        elif not answers[expectation.check].success:
            failed.append(expectation)
    for group in ([one for one in failed if _is_query(one)], [one for one in failed if not _is_query(one)], *raised):
        answers |= _look_closer(connection, table, key, group)
    return {expectation.check: _read(expectation, answers[expectation.check]) for expectation in expectations}


def build(expectation: Expectation, *, counting: bool = False) -> Any:
    """The Great Expectations object of an expectation; ``counting``: a query is only asked for its number of rows.

    Raises:
        ConfigError: There is no such class, or it does not take these arguments.
    """
    name = expectation.class_name
    cls = getattr(great().expectations, name, None)
    if not (isinstance(cls, type) and issubclass(cls, great().base)):
        raise ConfigError(f"check {expectation.check}: {name} is not an expectation of Great Expectations")
    if counting and name == SQL_CHECK:
        cls = great().counting_query
    try:
        return cls(**expectation.kwargs, meta={_LABEL: expectation.check})
    except (TypeError, ValueError) as error:
        raise ConfigError(f"check {expectation.check}: {name}: {error}") from None


def _is_query(expectation: Expectation) -> bool:
    return expectation.class_name == SQL_CHECK


def _look_closer(
    connection: Connection, table: str, key: Sequence[str], expectations: Sequence[Expectation]
) -> dict[str, Any]:
    """Answers with examples, of expectations that are all queries or all of Great Expectations' own making."""
    detail: dict[str, Any] = {"result_format": "COMPLETE"}
    if not all(_is_query(expectation) for expectation in expectations):
        detail = {
            "result_format": "SUMMARY",
            "partial_unexpected_count": EXAMPLES,
            "unexpected_index_column_names": list(key),
        }
    return _ask(connection, table, [build(expectation) for expectation in expectations], detail)


def _ask(connection: Connection, table: str, objects: Sequence[Any], detail: dict[str, Any]) -> dict[str, Any]:
    if not objects:
        return {}
    schema, name = table.split(".")
    engine = great().engine(connection)
    data = great().batch_data(execution_engine=engine, table_name=name, schema_name=schema)
    validator = great().validator(
        execution_engine=engine, batches=[great().batch(data=data)], data_context=great().context
    )
    answers = validator.graph_validate(
        [one.configuration for one in objects], runtime_configuration={"result_format": detail}
    )
    if len(answers) != len(objects):
        raise RuntimeError(f"{table}: {len(objects)} expectations asked, {len(answers)} answered")
    return {answer.expectation_config.meta[_LABEL]: answer for answer in answers}


def _read(expectation: Expectation, answer: Any) -> Evaluation:
    if (error := _exception(answer.exception_info)) is not None:
        return Evaluation(success=False, error=error)
    found = answer.result or {}
    observed, unexpected = found.get("observed_value"), found.get("unexpected_count")
    rows = found.get("partial_unexpected_index_list") or ()
    if _is_query(expectation):
        unexpected = observed
        rows = (found.get("details") or {}).get("unexpected_rows") or ()
    if expectation.class_name == ORDERED_COLUMNS:
        text = "columns " + ", ".join(observed or ())
    elif observed is not None:
        text = f"{observed} row(s)"
    else:
        text = f"{unexpected or 0} violating row(s)"
    return Evaluation(bool(answer.success), text, unexpected, _examples(rows))


def _examples(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Keys of violating rows. They end in messages and in Dagster's event log, so a customer's hash is left out."""
    texts = sorted(
        ", ".join(f"{name}={_WITHHELD if name == _CUSTOMER else value}" for name, value in row.items()) for row in rows
    )
    return tuple(texts[:EXAMPLES])


def _exception(info: Any) -> str | None:
    """The message of an exception, which Great Expectations nests under the id of the metric that raised it."""
    if not isinstance(info, Mapping):
        return None
    if info.get("raised_exception"):
        lines = (line.strip() for line in str(info.get("exception_message")).splitlines())
        return next((line for line in lines if line), "unknown error")
    return next((text for part in info.values() if (text := _exception(part)) is not None), None)
