"""Mistakes that SQL is prone to, made one at a time in the syntax tree of a model's rendered SQL.

The rendered SQL is mutated and not the template: macros are part of it, every use of them is a place of its own, and
nothing has to be parsed by dbt again.

Belongs here: what a mistake looks like, and walking a query for places to make it. Not here: whether it is noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp, parse_one

DIALECT = "duckdb"
Change = tuple[str, exp.Expr]
"""The kind of mistake, and what stands in the place of the node."""


@dataclass(frozen=True)
class Mutant:
    """One model with one mistake."""

    model: str
    kind: str
    place: str
    sql: str

    @property
    def name(self) -> str:
        """What tells it from all others of its model."""
        return f"{self.model}: {self.kind}: {self.place}"


@dataclass(frozen=True)
class Surroundings:
    """What a mistake may be made with.

    Attributes:
        types: Type of every column that the model may read, by name.
        as_of: The date of the run, for windows that look back from it.
    """

    types: Mapping[str, str]
    as_of: str


Kinds = dict[type[exp.Expr], type[exp.Expr]]
Operator = Callable[[exp.Expr, Surroundings], Iterator[Change]]
_BOUNDARY: Kinds = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}
_TURNED: Kinds = {exp.EQ: exp.NEQ, exp.NEQ: exp.EQ, exp.And: exp.Or, exp.Or: exp.And, exp.Add: exp.Sub,
                  exp.Sub: exp.Add, exp.NullSafeEQ: exp.EQ, exp.NullSafeNEQ: exp.NEQ, exp.Mul: exp.Div}  # fmt: skip
_OTHER_CHOICE: Kinds = {exp.Max: exp.Min, exp.Min: exp.Max, exp.ArgMax: exp.ArgMin, exp.ArgMin: exp.ArgMax,
                 exp.Greatest: exp.Least, exp.Least: exp.Greatest, exp.Sum: exp.Max, exp.LogicalOr: exp.LogicalAnd,
                 exp.LogicalAnd: exp.LogicalOr}  # fmt: skip


def _replaced(node: exp.Expr, by: type[exp.Expr]) -> exp.Expr:
    return by(**{name: value.copy() if isinstance(value, exp.Expr) else value for name, value in node.args.items()})


def boundaries(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """``<`` for ``<=``, and a whole number that is one too many."""
    if type(node) in _BOUNDARY:
        yield "boundary", _replaced(node, _BOUNDARY[type(node)])
    if isinstance(node, exp.Between):
        yield "boundary", exp.and_(node.this > node.args["low"], node.this <= node.args["high"])
    is_size = node.find_ancestor(exp.DataType) is not None
    if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit() and not is_size:
        yield "off by one", exp.Literal.number(int(node.name) + 1)
    if isinstance(node, exp.Interval) and isinstance(node.this, exp.Literal) and node.this.name.isdigit():
        yield "off by one", exp.Interval(this=exp.Literal.string(str(int(node.this.name) + 1)), unit=node.args["unit"])


def conditions(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """A condition turned round, or forgotten."""
    if isinstance(node, exp.EQ | exp.NEQ | exp.And | exp.Or):
        yield "condition turned", _replaced(node, _TURNED[type(node)])
    if isinstance(node, exp.And):
        yield "condition forgotten", node.left.copy()
        yield "condition forgotten", node.right.copy()
    if isinstance(node, exp.Where | exp.Having | exp.Filter) and not isinstance(node.this, exp.And):
        if isinstance(node, exp.Filter):
            yield "filter forgotten", node.this.copy()
        else:
            yield "condition forgotten", type(node)(this=exp.true())
    if isinstance(node, exp.Not):
        yield "condition turned", node.this.copy()
    if isinstance(node, exp.In) and len(node.expressions) > 1:
        yield (
            "condition forgotten",
            exp.In(this=node.this.copy(), expressions=[e.copy() for e in node.expressions[:-1]]),
        )
    if isinstance(node, exp.Boolean):
        yield "condition turned", exp.Boolean(this=not node.this)


def joins(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """The other kind of join, and a part of its key forgotten."""
    if not isinstance(node, exp.Join):
        return
    if node.side in {"LEFT", "FULL"}:
        yield "left and inner join", _with(node, side=None, kind="INNER")
    elif node.args.get("on") or node.args.get("using"):
        yield "left and inner join", _with(node, side="LEFT", kind=None)
    using = node.args.get("using") or []
    if len(using) > 1:
        yield "join key forgotten", _with(node, using=[each.copy() for each in using[:-1]])
        yield "join key forgotten", _with(node, using=[each.copy() for each in using[1:]])


def duplicates(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """A ``distinct`` missing, or one too many."""
    if isinstance(node, exp.Select) and node.args.get("distinct"):
        yield "missing distinct", _with(node, distinct=None)
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Distinct):
        yield "missing distinct", exp.Count(this=node.this.expressions[0].copy())
    # branches of nothing but constants cannot repeat each other
    if isinstance(node, exp.Union) and node.find(exp.From) is not None:
        kind = "one distinct too many" if not node.args.get("distinct") else "missing distinct"
        yield kind, _with(node, distinct=not node.args.get("distinct"))


def columns(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """Another date, or another amount of money, that is at hand as well."""
    type_ = around.types.get(node.name, "") if isinstance(node, exp.Column) else ""
    is_date = type_ in {"DATE", "TIMESTAMP"}
    if not is_date and not type_.startswith("DECIMAL"):
        return
    same = sorted(name for name, other in around.types.items() if other == type_)
    place = same.index(node.name)
    for other in (*same[place + 1 :], *same[:place])[:3]:
        changed = node.copy()
        changed.set("this", exp.to_identifier(other))
        yield "wrong date column" if is_date else "wrong amount", changed


def choices(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """The largest instead of the last, the first instead of the last, the sum of what is no longer a sum."""
    if type(node) in _OTHER_CHOICE:
        yield "wrong choice", _replaced(node, _OTHER_CHOICE[type(node)])
    if isinstance(node, exp.ArgMax):
        yield "max instead of last", exp.Max(this=node.this.copy())
    if isinstance(node, exp.Ordered):
        yield "wrong order", _with(node, desc=not node.args.get("desc"))
    if isinstance(node, exp.RowNumber):
        yield "wrong choice", exp.Anonymous(this="rank")
    if isinstance(node, exp.Window):
        keys = node.args.get("partition_by") or []
        for left_out in range(len(keys)):
            kept = [key.copy() for place, key in enumerate(keys) if place != left_out]
            yield "partition key forgotten", _with(node, partition_by=kept)
        order = node.args.get("order")
        if isinstance(order, exp.Order) and len(order.expressions) > 1:
            fewer = exp.Order(expressions=[each.copy() for each in order.expressions[1:]])
            yield "max instead of last", _with(node, order=fewer)


def gaps(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """NULL where zero belongs, and zero where NULL does."""
    if isinstance(node, exp.Coalesce):
        yield "coalesce forgotten", node.this.copy()
        for second in node.expressions[:1]:
            yield "coalesce forgotten", second.copy()
    if isinstance(node, exp.Nullif):
        yield "nullif forgotten", node.this.copy()
    if isinstance(node, exp.Case):
        if node.args.get("default") is None:
            yield "coalesce 0", _with(node, default=exp.Literal.number(0))
        for left_out in range(len(node.args["ifs"])) if len(node.args["ifs"]) > 1 else ():
            kept = [branch.copy() for place, branch in enumerate(node.args["ifs"]) if place != left_out]
            yield "branch forgotten", _with(node, ifs=kept)
    if isinstance(node, exp.Filter) and isinstance(node.this, exp.Sum | exp.Max | exp.Min):
        yield "coalesce 0", exp.Coalesce(this=node.copy(), expressions=[exp.Literal.number(0)])


def reading(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """Only what became known, or happened, in the last days is read."""
    if not isinstance(node, exp.Table):
        return
    date = "known_date" if node.db == "raw" else {"stg_orders": "order_date"}.get(node.name)
    if date is None or (node.db == "raw" and node.name in {"deliveries", "quarantine"}):
        return
    recent = exp.select("*").from_(_with(node, alias=None))
    recent = recent.where(f"{date} > cast('{around.as_of}' as date) - 45")
    yield "fixed lookback", recent.subquery(node.alias or node.name)


def types(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """Money as floating point, a week named by its year and number, days cut in another zone."""
    if isinstance(node, exp.Cast) and node.to.is_type("decimal") and not isinstance(node.this, exp.Literal):
        single = exp.cast(node.this.copy(), "float")
        yield "float money", exp.Cast(this=single, to=node.to.copy())
        yield "float money", exp.cast(node.this.copy(), "double")
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc) and "WEEK" in str(node.args["unit"]).upper():
        year = f"date_trunc('year', {node.this.sql(DIALECT)})"
        week = f"7 * (weekofyear({node.this.sql(DIALECT)}) - 1)"
        yield "(year, week) key", parse_one(f"cast({year} as date) + cast({week} as integer)", read=DIALECT)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "timezone":
        zone, instant = node.expressions
        yield "session time zone", instant.copy()
        if zone.name != "UTC":
            other = exp.Literal.string("Asia/Tokyo")
            yield "session time zone", exp.Anonymous(this="timezone", expressions=[other, instant.copy()])


def arithmetic(node: exp.Expr, around: Surroundings) -> Iterator[Change]:
    """Plus for minus, times for divided by, a null-safe comparison that is none."""
    if isinstance(node, exp.Add | exp.Sub | exp.Mul):
        yield "arithmetic", _replaced(node, _TURNED[type(node)])
    if isinstance(node, exp.NullSafeEQ | exp.NullSafeNEQ):
        yield "null-safe comparison", _replaced(node, _TURNED[type(node)])


OPERATORS: tuple[Operator, ...] = (
    boundaries, conditions, joins, duplicates, columns, choices, gaps, reading, types, arithmetic,
)  # fmt: skip


def mutants_of(model: str, sql: str, around: Surroundings) -> Iterator[Mutant]:
    """Every mistake at every place of a model, in a fixed order.

    Args:
        model: Name of the model.
        sql: Its rendered SQL.
        around: What to make mistakes with.
    """
    tree = parse_one(sql, read=DIALECT)
    original = tree.sql(DIALECT)
    seen = {original}
    counted: dict[tuple[str, str], int] = {}
    for node in list(tree.walk()):
        for operator in OPERATORS:
            for kind, change in operator(node, around):
                place = f"{_short(node)} -> {_short(change)}"
                mutated = _with_change(tree, node, change)
                if mutated in seen:
                    continue
                seen.add(mutated)
                nth = counted[kind, place] = counted.get((kind, place), 0) + 1
                yield Mutant(model, kind, place if nth == 1 else f"{place} #{nth}", mutated)


def _with_change(tree: exp.Expr, node: exp.Expr, change: exp.Expr) -> str:
    """The query with the change in the place of the node; afterwards the tree is as it was."""
    if node is tree:
        return change.sql(DIALECT)
    node.replace(change)
    mutated = tree.sql(DIALECT)
    change.replace(node)
    return mutated


def _with(node: exp.Expr, **arguments: object) -> exp.Expr:
    changed = node.copy()
    for name, value in arguments.items():
        changed.set(name, value)
    return changed


def _short(node: exp.Expr) -> str:
    """The node in one line; dates and zones are left out, so that a place has the same name in every shop."""
    text = " ".join(node.sql(DIALECT).split())
    text = re.sub(r"'\d{4}-\d\d-\d\d'", "'…'", text)
    text = re.sub(r"(?<=TIMEZONE\()'(?!UTC|Asia/Tokyo)[A-Za-z_/]+'", "'…'", text)
    return text if len(text) <= 90 else f"{text[:44]} … {text[-44:]}"
