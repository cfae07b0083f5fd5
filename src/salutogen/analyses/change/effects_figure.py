"""Effects with intervals, by model or by group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salutogen.analyses.change.alike import later
from salutogen.page.charting import (
    Spec,
)
from salutogen.page.forest import forest_chart

if TYPE_CHECKING:
    import polars as pl

    from salutogen.analyses.change.analysis import ChangeResult

COLOURS = ("one", "two", "three", "four", "five")


def axis_of(result: ChangeResult) -> str:
    """Words below the axis of effects."""
    when = later(result, 1) if result.lag == 1 else "on later occasions"
    return f"Effect {when} (SD per SD)"


def effects_chart(data: pl.DataFrame, by: str, order: Sequence[str], axis: str) -> Spec:
    """Draw a row for each effect, and in it a point and an interval for each model or group.

    Parameters
    ----------
    data : DataFrame
        `path`, `standardised`, its limits, and the column `by`.
    by : str
        What has a colour of its own.
    order : sequence of str
        Its values, up to five.
    axis : str
        Words below the axis.
    """
    paths = data["path"].unique(maintain_order=True).to_list()
    return forest_chart(
        data,
        "path",
        paths,
        "standardised",
        axis,
        ends=("standardised_low", "standardised_high"),
        by=by,
        hues=dict(zip(order, COLOURS, strict=False)),
        legend_columns=2,
        height=max(150, len(paths) * (18 * len(order) + 14)),
    )
