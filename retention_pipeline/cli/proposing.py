"""``retention rfm``: propose cut points from the published customers.

Belongs here: reading them, printing or writing the section. Not here: the proposal itself (``metrics.rfm``).
"""

from __future__ import annotations

import numpy as np
from rich.console import Console

from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.metrics.rfm import WINDOW_DAYS, as_toml, propose
from retention_pipeline.warehouse.files import os_errors
from retention_pipeline.warehouse.read import run_select

GRAIN = "quarter"


def propose_cut_points(settings: Settings, console: Console, *, write: bool) -> None:
    """Print the section ``[rfm]`` that cuts today's customers into fifths, or add it to the configuration.

    Raises:
        ConfigError: The configuration has cut points already and ``write`` is asked for, or nobody has ordered lately.
        NothingPublishedError: There is no published version to read customers from.
    """
    _, rows = run_select(
        settings.home,
        "select recency_days, frequency_year, value_year from customer_scores"
        " where last_order_date is not null order by customer_id",
    )
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    try:
        # the list counts days up to as_of, groups are judged at a boundary: at the earliest the day after it
        cuts = propose(table[:, 0] + 1, table[:, 1], table[:, 2])
    except ValueError as error:
        raise ConfigError(f"no cut points can be proposed: {error}") from None
    grain = GRAIN if GRAIN in settings.shop.grains else settings.shop.grains[-1]
    section = as_toml(cuts, version=1 if settings.rfm is None else settings.rfm.version + 1, grain=grain)
    if not write:
        console.print(f"# fifths of {len(table)} customers, {WINDOW_DAYS} days", highlight=False)
        console.print(section, highlight=False, markup=False)
        return
    if settings.rfm is not None:
        raise ConfigError(
            f"{settings.config_path}: [rfm] is there already (version {settings.rfm.version})",
            remedy="replace it by what `retention rfm` prints without --write; past segments will be restated",
        )
    with os_errors(settings.config_path), settings.config_path.open("a", encoding="utf-8") as handle:
        handle.write("\n" + section)
    console.print(f"added [rfm] to {settings.config_path}; the next run uses it", markup=False, soft_wrap=True)
