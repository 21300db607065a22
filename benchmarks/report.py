"""What a benchmark's record says: an aligned table, the ratios that have targets, a plot of cost against orders.

Belongs here: reading the record. Not here: measuring.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.harness import Record

_GATED = ("staging", "marts", "metrics")
STAGES = ("start", "ingest", "gate raw", *(stage for name in _GATED for stage in (name, f"gate {name}")), "publish")
_BUILD = ("staging", "marts")
_GATES = tuple(stage for stage in STAGES if stage.startswith("gate"))


def table(record: Record) -> str:
    """One line per shop and contender: median and spread of wall and processor seconds, peak memory."""
    lines = [("orders", "contender", "runs", "wall s", "min - max", "cpu s", "peak MB")]
    for orders in record.sizes():
        for contender in record.contenders():
            found = record.of(contender, orders)
            if not found:
                continue
            wall = sorted(each.seconds for each in found)
            lines.append((
                f"{orders:,}", contender, str(len(found)), f"{record.median(contender, orders, cpu=False):.1f}",
                f"{wall[0]:.1f} - {wall[-1]:.1f}", f"{record.median(contender, orders):.1f}",
                f"{max(each.peak_mb for each in found):,.0f}",
            ))  # fmt: skip
    return aligned(lines)


def stages(record: Record) -> str:
    """One line per stage of the pipeline, one column per shop: median wall seconds."""
    sizes = [orders for orders in record.sizes() if record.of("pipeline", orders)]
    lines = [("stage", *(f"{orders:,}" for orders in sizes))]
    for stage in STAGES:
        found = [record.median("pipeline", orders, stage) for orders in sizes]
        lines.append((stage, *("" if each is None else f"{each:.1f}" for each in found)))
    return aligned(lines)


def ratios(record: Record) -> Iterator[tuple[int, str, float]]:
    """Orders, what is divided by what, the ratio; of medians of the same rounds, by the clock on the wall."""
    for orders in record.sizes():
        floor, whole = (record.median(name, orders, cpu=False) for name in ("floor", "pipeline"))
        parts = {stage: record.median("pipeline", orders, stage) or 0.0 for stage in STAGES}
        if whole is None:
            continue
        yield orders, "gates / whole run", sum(parts[stage] for stage in _GATES) / whole
        if floor is not None:
            yield orders, "staging and facts / floor", sum(parts[stage] for stage in _BUILD) / floor
            yield orders, "whole run / floor", whole / floor
            if (night := record.median("night", orders, cpu=False)) is not None:
                yield orders, "night / floor", night / floor
        for other, name in (("plain dbt", "whole run / plain dbt"), ("pandas", "whole run / pandas")):
            seconds = record.median(other, orders, cpu=False)
            if seconds is not None:
                yield orders, name, whole / seconds


def growth(record: Record) -> Iterator[tuple[str, str, str, float, float]]:
    """Contender, smaller and larger shop, how many times the orders and how many times the processor seconds."""
    for contender in record.contenders():
        sizes = [orders for orders in record.sizes() if record.of(contender, orders)]
        for smaller, larger in itertools.pairwise(sizes):
            few, many = (record.median(contender, orders) for orders in (smaller, larger))
            if few and many:
                yield contender, f"{smaller:,}", f"{larger:,}", larger / smaller, many / few


def dominating(record: Record, count: int = 12) -> str:
    """The models that take longest on the largest shop."""
    orders = max(size for size in record.sizes() if record.of("pipeline", size))
    parts = record.of("pipeline", orders)[0].parts
    models = {name: record.median("pipeline", orders, name) or 0.0 for name in parts if name.startswith("model:")}
    longest = sorted(models.items(), key=lambda each: -each[1])[:count]
    rows = [("model", "seconds"), *((name.removeprefix("model:"), f"{seconds:.1f}") for name, seconds in longest)]
    return aligned(rows)


def aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as a table of text, words to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    is_word = [rows[-1][column][:1].isalpha() for column in range(len(widths))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if word else cell.rjust(width)
            for cell, width, word in zip(row, widths, is_word, strict=True)
        ).rstrip()
        for row in rows
    )


def text(record: Record) -> str:
    """Everything as text."""
    listed = [(f"{orders:,}", name, f"{ratio:.2f}") for orders, name, ratio in ratios(record)]
    parts = [table(record)]
    if any(record.of("pipeline", orders) for orders in record.sizes()):
        parts += [stages(record), aligned([("orders", "ratio", "of medians"), *listed]), dominating(record)]
    grown = [(*between, f"{times:.1f}", f"{cost:.1f}") for *between, times, cost in growth(record)]
    if grown:
        parts.append(aligned([("contender", "from", "to", "orders x", "cpu s x"), *grown]))
    return "\n\n".join([", ".join(f"{name} {value}" for name, value in record.machine.items()), *parts])


def plot(record: Record, path: Path) -> None:
    """Processor seconds of each contender against orders, both axes logarithmic."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for contender in record.contenders():
        sizes = [orders for orders in record.sizes() if record.of(contender, orders)]
        seconds = [record.median(contender, orders) or 0.0 for orders in sizes]
        axes.plot(sizes, seconds, marker="o", label=contender)
    axes.set(xscale="log", yscale="log", xlabel="orders", ylabel="processor seconds (median)")
    axes.set_title(f"Cost against orders, {record.machine['cores']} cores", loc="left")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
