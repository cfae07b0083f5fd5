"""Figure of the labels' shares, against error and no change."""

from __future__ import annotations

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.page.charting import Spec, palette_scale, quantity, values
from salutogen.page.section import Figure
from salutogen.page.words import percent

COLUMNS = (
    Column(name="label", meaning="Label by rule", kind=Kind.LABEL),
    Column(name="what", meaning="Where the share comes from", kind=Kind.LABEL),
    Column(name="share", meaning="Share of courses", kind=Kind.SHARE),
)


def label_figure(rule: str, shown: pl.DataFrame) -> Figure:
    """Shares of the labels beside those expected from error and without any change.

    Parameters
    ----------
    rule : str
        Rule of the anchors.
    shown : DataFrame
        `label, share, expected, no_change`, null where it may not be told.
    """
    kinds = {
        "as labelled": ("share", "one", "circle"),
        "given the error of SR": ("expected", "three", "diamond"),
        "if nobody changed": ("no_change", "two", "square"),
    }
    rows = [
        {"label": row["label"], "what": what, "share": row[column]}
        for row in shown.iter_rows(named=True)
        for what, (column, _, _) in kinds.items()
        if row[column] is not None
    ]
    data = pl.DataFrame(rows, schema={"label": pl.String, "what": pl.String, "share": pl.Float64})
    shares = [
        f"{row['label']} {percent(row['share'])}"
        for row in shown.drop_nulls("share").iter_rows(named=True)
    ]
    hue: Spec = {"field": "what", "type": "nominal", "title": None, "sort": list(kinds)}
    scale = palette_scale({what: shade for what, (_, shade, _) in kinds.items()})
    shapes = {"domain": list(kinds), "range": [shape for _, _, shape in kinds.values()]}
    return Figure(
        name=f"trajectories-{rule}-labels",
        title="Labels by rule, against error and no change",
        description=(
            f"Shares: {', '.join(shares) or 'not told'}. Diamonds are the shares expected when "
            "each score is drawn again within its error, squares those that persons without any "
            "change would get, pre-existing high left out."
        ),
        chart={
            "width": 560,
            "height": 260,
            "data": values(data),
            "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
            "encoding": {
                "y": {
                    "field": "label",
                    "type": "nominal",
                    "title": None,
                    "sort": shown["label"].to_list(),
                    "axis": {"grid": True, "labelLimit": 200},
                },
                "x": quantity("share", "Share of persons", zero=True, axis={"format": ".0%"}),
                "color": {**hue, "scale": scale},
                "shape": {**hue, "scale": shapes},
            },
        },
        data=data,
        columns=COLUMNS,
    )
