"""Exact relations between metric rows, checked over a whole table."""

from __future__ import annotations

import numpy as np
import pandas as pd

KEYS = ["basis", "grain", "calendar", "period_start", "segment_set", "segment_key"]
BRIDGE = ("previous", "new", "expansion", "reactivation", "contraction", "churn", "fx", "current")


def violations(rows: pd.DataFrame) -> pd.DataFrame:
    """One row per (identity, cell) that does not hold; cells with a hidden or undefined part are left out."""
    values = rows.astype({"metric": "str", "variant": "str"})
    values = values[values["cohort_start"].isna()].assign(name=lambda frame: frame["metric"] + "." + frame["variant"])
    wide = values.pivot_table(index=KEYS, columns="name", values="value", observed=True)

    def of(metric: str, variant: str = "standard") -> pd.Series[float]:
        return wide[f"{metric}.{variant}"]

    kept, spent = "customer_retention_rate", "revenue_retention"
    bridge = {part: of("revenue_bridge", part) for part in BRIDGE}
    lost = bridge["contraction"] + bridge["churn"]
    gained = bridge["new"] + bridge["expansion"] + bridge["reactivation"]
    factors = of("revenue_decomposition", "customers") * of("revenue_decomposition", "frequency")
    left = {
        "bridge explains the difference": of(kept, "count_based") - of(kept, "set_based") - of(kept, "bridge"),
        "churn is one minus retention": of(kept, "set_based") + of("customer_churn_rate", "base_leavers") - 1,
        "set_based lies in 0 to 1": of(kept, "set_based").clip(0, 1) - of(kept, "set_based"),
        "gross retention is at most 1": (of(spent, "gross") - 1).clip(lower=0),
        "gross retention is at most net": (of(spent, "gross") - of(spent, "net")).clip(lower=0),
        "revenue churn is one minus retention": of(spent, "gross") + of("revenue_churn", "gross") - 1,
        "the factors make the revenue": factors * of("revenue_decomposition", "order_value")
        - of("revenue_decomposition", "revenue"),
        "the quick ratio is gains over losses": of("quick_ratio") * lost - gained,
        "the revenue bridge ends at this period": bridge["previous"] + gained - lost + bridge["fx"] - bridge["current"],
        "start is retained and lost": of("customers", "retained") + of("customers", "lost") - of("customers", "start"),
        "new is kept and lost": of("customers", "new_kept") + of("customers", "new_lost") - of("customers", "new"),
        "end is retained, kept and won back": of("customers", "retained")
        + of("customers", "new_kept")
        + of("customers", "reactivated")
        - of("customers", "end"),
    }
    scale = np.maximum(wide.abs().max(axis="columns"), 1.0)
    found = [
        amount[(amount.abs() > 1e-12 * scale) & amount.notna()].rename("off").reset_index().assign(identity=name)
        for name, amount in left.items()
    ]
    return pd.concat(found, ignore_index=True)
