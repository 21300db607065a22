"""The registry for readers: the table ``_metric_catalog`` and the table in docs/metrics.md.

Belongs here: layouts of the registry. Not here: wording (the definitions), writing tables (``warehouse``).
"""

from __future__ import annotations

import hashlib
from typing import Final

import pandas as pd

from retention_pipeline.core.tables import Column, Table
from retention_pipeline.metrics.registry import REGISTRY, SOURCES

METRIC_CATALOG: Final = Table(
    "metrics", "metric_catalog", "One row per metric and variant.", ("metric", "variant"),
    (
        Column("metric", "VARCHAR", "Metric name, as in metric_values."),
        Column("variant", "VARCHAR", "Named variant of the metric."),
        Column("family", "VARCHAR", "The wide table that shows it."),
        Column("definition_version", "INTEGER", "Raised when the formula changes."),
        Column("meaning", "VARCHAR", "What it says, in one sentence."),
        Column("formula", "VARCHAR", "How it is computed, in words."),
        Column("source", "VARCHAR", "Where the definition comes from."),
        Column("unit", "VARCHAR", "What the value is measured in."),
        Column("is_additive", "BOOLEAN", "Whether values may be summed over periods and segments."),
        Column("bases", "VARCHAR", "Bases it is published on, comma separated; scale_* = the scale of the answers."),
        Column("totals_only", "BOOLEAN", "Whether it exists for totals only."),
        Column("maturity", "VARCHAR", "When a value becomes final."),
        Column("ci_method", "VARCHAR", "How its 95 % interval is computed, if it has one.", nullable=True),
        Column("owner", "VARCHAR", "Who answers questions about it."),
    ),
)  # fmt: skip


def catalog_frame() -> pd.DataFrame:
    """The rows of ``_metric_catalog``, in the columns of ``METRIC_CATALOG``, sorted by its key."""
    rows = [
        {
            "metric": each.metric,
            "variant": each.variant,
            "family": each.family,
            "definition_version": each.version,
            "meaning": each.meaning,
            "formula": each.formula,
            "source": each.source,
            "unit": each.unit,
            "is_additive": each.is_additive,
            "bases": ", ".join(each.bases),
            "totals_only": each.totals_only,
            "maturity": each.maturity,
            "ci_method": each.interval,
            "owner": each.owner,
        }
        for each in REGISTRY
    ]
    frame = pd.DataFrame(rows, columns=list(METRIC_CATALOG.column_names))
    return frame.sort_values(list(METRIC_CATALOG.key), ignore_index=True)


def definitions_hash() -> str:
    """SHA-256 over names and versions of all definitions: it changes when a number may mean something else."""
    lines = sorted(f"{each.name} {each.version}\n" for each in REGISTRY)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def definitions_table() -> str:
    """The definitions as a Markdown table, and the letters of its sources; ends with a newline."""
    lines = ["| metric.variant | what it says | formula | source |", "| --- | --- | --- | --- |"]
    lines += [
        "| " + " | ".join((f"`{each.name}`", _cell(each.meaning), _cell(each.formula), _cell(each.source))) + " |"
        for each in REGISTRY
    ]
    legend = "; ".join(f"{letter}: {title}" for letter, title in SOURCES.items())
    return "\n".join([*lines, "", f"{legend}.", ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
