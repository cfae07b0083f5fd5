"""Figure of the labels' shares, beside those around occasions without an event."""

from __future__ import annotations

from typing import Any

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.charting import Spec, palette_scale, quantity, values
from salutogen.page.section import Figure
from salutogen.page.words import percent, say

COLUMNS = (
    Column(name="label", meaning="Label by rule", kind=Kind.LABEL),
    Column(name="what", meaning="Where the share comes from", kind=Kind.LABEL),
    Column(name="share", meaning="Share of courses"),  # as the table tells them
)
AMONG = "Shares are among courses not high before the event; those high before are among all."
COMPARED = (
    "Dots are the {n} courses compared: not high before the event, and with comparator occasions "
    "before which they were not high either. Squares are the shares of the same courses around "
    "these occasions. Those high before are among all courses that have comparator occasions. "
    "Intervals over persons are those of the differences, in the table."
)
EVENT, SAME, PLACEBO, FLUCTUATION = (
    "around the event",
    "around the event, courses that have comparator occasions",
    "around comparator occasions",
    "if SR only fluctuated, each occasion by itself",
)


def label_figure(
    rule: str,
    shown: pl.DataFrame,
    *,
    n_compared: Persons | None,
    judged: tuple[str, str] | None = None,
) -> Figure:
    """Shares of the labels beside those that the same persons show without an event.

    Parameters
    ----------
    rule : str
        Rule of the anchors.
    shown : DataFrame
        `label, share` and, where compared, `compared, placebo`, else `no_change`; null
        where it may not be told.
    n_compared : Persons or None
        Courses not high before that have placebo occasions not high before either; without any,
        the shares of mere fluctuation stand beside all.
    judged : tuple of str, optional
        Whether SR is judged `with` or `without` the event in exposure, and the other way; None
        where there is one way only.
    """
    compared = n_compared is not None
    other = PLACEBO if compared else FLUCTUATION
    kinds = {
        SAME if compared else EVENT: ("compared" if compared else "share", "one", "circle"),
        other: ("placebo" if compared else "no_change", "two", "square"),
    }
    rows = [
        {
            "label": row["label"],
            "what": what,
            "share": row[column],
        }
        for row in shown.iter_rows(named=True)
        for what, (column, _, _) in kinds.items()
        if row[column] is not None
    ]
    data = pl.DataFrame(rows, schema={"label": pl.String, "what": pl.String, "share": pl.Float64})
    told = [
        f"{row['label']} {percent(row['share'])}{_beside(row, judged)}"
        for row in shown.drop_nulls("share").iter_rows(named=True)
    ]
    how = "" if judged is None else f", {judged[0]} the event in exposure"
    beside = (
        say(COMPARED, n=n_compared)
        if compared
        else "Squares are the shares if SR only fluctuated about one level, each occasion by "
        "itself."
    )
    return Figure(
        name=f"trajectories-{rule}-labels",
        title="Labels by rule, around the event and beside it",
        description=say(
            "Shares{how}: {told}. {beside} {among}",
            how=how,
            told=", ".join(told) or "not told",
            beside=beside,
            among=AMONG,
        ),
        chart=_chart(data, shown["label"].to_list(), kinds),
        data=data,
        columns=COLUMNS,
    )


def _beside(row: dict[str, Any], judged: tuple[str, str] | None) -> str:
    """The share judged the other way and that of the comparator, in brackets."""
    parts = []
    if judged is not None and row.get("share_other") is not None:
        parts.append(f"{judged[1]} it {percent(row['share_other'])}")
    if row.get("placebo") is not None and row.get("compared") is not None:
        parts.append(
            f"of those compared {percent(row['compared'])}, comparator {percent(row['placebo'])}"
        )
    return f" ({', '.join(parts)})" if parts else ""


def _chart(data: pl.DataFrame, labels: list[str], kinds: dict[str, tuple[str, str, str]]) -> Spec:
    hue: Spec = {"field": "what", "type": "nominal", "title": None, "sort": list(kinds)}
    scale = palette_scale({what: shade for what, (_, shade, _) in kinds.items()})
    shapes = {"domain": list(kinds), "range": [shape for _, _, shape in kinds.values()]}
    y: Spec = {
        "field": "label",
        "type": "nominal",
        "title": None,
        "sort": labels,
        "axis": {"grid": True, "labelLimit": 200},
    }
    axis = {"format": ".0%"}
    return {
        "width": 560,
        "height": 260,
        "layer": [
            {
                "data": values(data),
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
                "encoding": {
                    "y": y,
                    "x": quantity("share", "Share of persons", zero=True, axis=axis),
                    "color": {**hue, "scale": scale},
                    "shape": {**hue, "scale": shapes},
                },
            },
        ],
    }
