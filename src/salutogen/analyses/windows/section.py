"""The page's section on windows: frozen against refitted scores, and the line of each window."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.windows.change_tables import change_tables
from salutogen.analyses.windows.change_words import change_paragraphs
from salutogen.analyses.windows.nearly_everyone import by_model_where_alone, stood_for
from salutogen.analyses.windows.summary import WINDOW_COLUMNS
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.page.charting import (
    MANY_LABELS,
    Spec,
    band,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import CATEGORIES, HEAT
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import SR_AXIS, signed

if TYPE_CHECKING:
    from salutogen.analyses.windows.analysis import WindowsResult
    from salutogen.page.audience import Audience

NOTHING = 1e-9  # points of P: rounding of a mean that is 0

EVERYONE = "frozen line, everyone (bars: 95 % interval)"
# What is drawn of each window: mean, its standard error, colour. Only one kind has bars, so that
# they are of one kind; the model of windows, which moves with who leaves, is in the table alone.
KINDS = {
    EVERYONE: ("mean_SR_frozen", "se_SR_frozen", "one"),
    "frozen line, persons in every window": ("mean_SR_frozen_complete", None, "three"),
    "refitted line": ("mean_SR_refit", None, "two"),
}
MEAN_COLUMNS = (
    Column(name="window", meaning="Window with its first and last occasion", kind=Kind.LABEL),
    Column(name="score", meaning="Line and persons", kind=Kind.LABEL),
    Column(name="mean", meaning="Mean SR", unit=POINTS, sign=LESS_RESILIENT),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS),
)
LINE_COLUMNS = (
    Column(name="window", meaning="Number of the window", kind=Kind.LABEL),
    Column(name="E", meaning="Exposure", unit="points", sign="higher = more exposed"),
    Column(name="expected", meaning="Expected problems", unit=POINTS),
)


def windows_section(result: WindowsResult, audience: Audience) -> Section | None:
    """Frozen against refitted, or None where no window may be shown."""
    summary = _shown(result.windows, audience)
    if not summary.height:
        return None
    lines = result.lines.filter(pl.col("window").is_in(summary["window"].implode()))
    frozen = by_model_where_alone(summary).filter(pl.col("mean_SR_frozen").is_not_null())
    means = _means(frozen, audience.told_size)
    alone = bool(stood_for(summary))
    figures = [_means_figure(means, frozen, alone=alone)] if means.height else []
    if lines.height:
        figures.append(_lines_figure(lines, summary))
    return Section(
        title="Windows: frozen against refitted",
        paragraphs=(
            "Frozen scores use the line of the first window (or the named reference) throughout, "
            "so that a shift of the whole group shows. Refitted scores use each window's own line: "
            "their mean is 0 in every window by construction, so they show who stands where, never "
            "whether the group changed.",
            *_on_first(summary),
            "Who leaves may differ from who stays. The mean of those with a score in every window "
            "is of persons chosen by staying, and a model of windows takes those with too few "
            "occasions in a window as if not seen in it: both may drift though nobody "
            "changed. Change is therefore told by a model of single occasions.",
            *_on_change(result, summary, audience),
        ),
        figures=tuple(figures),
        tables=(
            Table(
                name="windows-summary",
                title="Windows, their lines and mean SR",
                frame=summary,
                columns=WINDOW_COLUMNS,
                note="SR = observed − expected problems; positive = less resilient.",
            ),
            *(() if result.change is None else change_tables(result.change, summary, audience)),
        ),
    )


def _on_change(
    result: WindowsResult, summary: pl.DataFrame, audience: Audience
) -> tuple[Text, ...]:
    """What is told of change; of its course only where every window may be shown."""
    if result.change is None:
        return ()
    whole = summary.height == result.windows.height
    return change_paragraphs(result.change, audience, turns=whole)


def _on_first(summary: pl.DataFrame) -> tuple[str, ...]:
    """Say of which window the mean is 0 because the line was fitted to it."""
    means = summary.filter(pl.col("mean_SR_frozen").abs() < NOTHING)
    return tuple(
        f"The mean of window {number} from the frozen line is 0 by construction: the line was "
        "fitted to these persons and occasions."
        for number in means["window"][:1]
    )


def _shown(summary: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    """Leave out means of few persons: figures draw them, and the page blanks tables only.

    The persons in every window are the same ones in each row. Where they are few, or a window has
    only a few more, whose mean the two means would tell, their two columns go, not the rows.
    """
    summary = summary.filter(pl.col("n") >= audience.smallest)
    known = pl.col("n_complete") >= audience.smallest
    told = not any(audience.hides(*pair) for pair in summary.select("n_complete", "n").iter_rows())
    return summary.with_columns(
        pl.when(known & told).then(pl.col("mean_SR_frozen_complete")),
        pl.when(known & told).then(pl.col("n_complete")),
    )


def _spans(summary: pl.DataFrame) -> list[str]:
    return [
        f"{row['window']}: {row['first_occasion']} to {row['last_occasion']}"
        for row in summary.iter_rows(named=True)
    ]


def _reach(summary: pl.DataFrame) -> str:
    """Lowest and highest mean: the first and the last alone would hide a turn."""
    means: Any = summary["mean_SR_frozen"]
    return f"{signed(means.min())} and {signed(means.max())}"


def _means_figure(data: pl.DataFrame, summary: pl.DataFrame, *, alone: bool = False) -> Figure:
    first, last = summary.row(0, named=True), summary.row(-1, named=True)
    many = summary.height > MANY_LABELS
    return Figure(
        name="frozen-and-refitted",
        title="Mean SR by window, frozen and refitted",
        description=(
            f"Mean SR from the frozen line goes from {signed(first['mean_SR_frozen'])} in window "
            f"{first['window']} to {signed(last['mean_SR_frozen'])} in window {last['window']}, "
            f"and lies between {_reach(summary)}; from refitted lines it stays at 0. "
            f"{_marks(many)} of the mean from the frozen line over everyone in a window, without "
            "the error of the line; a window whose mean is 0 by construction has none"
            f"{', nor one whose mean is that of the model of windows' if alone else ''}. They are "
            "not intervals of change: whether windows differ is told by the model of single "
            "occasions. Above 0: more problems than the reference line expects (over-reactive)."
        ),
        chart=(_means_as_lines if many else _means_as_points)(data, _spans(summary)),
        data=data,
        columns=MEAN_COLUMNS,
    )


def _marks(many: bool) -> str:
    """Say which marks are intervals."""
    if many:
        return "The shaded band (frozen line, everyone) holds 95 % intervals"
    return "Bars are 95 % intervals"


def _means(summary: pl.DataFrame, told_size: Callable[[int], int] = int) -> pl.DataFrame:
    """Means with their t intervals, one row per window and kind of score."""
    from scipy.special import stdtrit

    spans = _spans(summary)
    rows: list[dict[str, Any]] = []
    for kind, (column, error, _) in KINDS.items():
        if summary[column].null_count() == summary.height:
            continue
        for span, row in zip(spans, summary.iter_rows(named=True), strict=True):
            mean, se = row[column], row[error] if error else None
            by_construction = (
                row["mean_SR_frozen"] is not None and abs(row["mean_SR_frozen"]) < NOTHING
            )
            half = None
            if se is not None and mean is not None and not by_construction:
                half = float(stdtrit(told_size(row["n"]) - 1, 0.975)) * se
            rows.append(
                {
                    "window": span,
                    "score": kind,
                    "mean": mean,
                    "low": None if half is None else mean - half,
                    "high": None if half is None else mean + half,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def _hue(kinds: list[str]) -> Spec:
    return {
        "field": "score",
        "type": "nominal",
        "title": None,
        "scale": palette_scale({kind: KINDS[kind][2] for kind in kinds}),
        "legend": {"columns": 2},
    }


def _means_as_lines(data: pl.DataFrame, spans: list[str]) -> Spec:
    """Many windows: bars of all of them would lie over each other."""
    kinds = data["score"].unique(maintain_order=True).to_list()
    x = ordered("window", "Window: first to last occasion", spans, most=8, scale={"padding": 0.3})
    own = {"transform": [{"filter": {"field": "score", "equal": kinds[0]}}]}
    name = {"field": "score", "type": "nominal", "title": None}
    return layered(
        zero_rule(),
        {**own, **band("low", "high", x, SR_AXIS, shade=KINDS[kinds[0]][2], opacity=0.2)},
        {
            "mark": {"type": "line", "strokeWidth": 2, "strokeJoin": "round"},
            "encoding": {
                "x": x,
                "y": quantity("mean", SR_AXIS, zero=True),
                "color": _hue(kinds),
                "strokeDash": {
                    **name,
                    "scale": {"domain": kinds, "range": [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]]},
                },
            },
        },
        height=320,
        data=values(data),
    )


def _means_as_points(data: pl.DataFrame, spans: list[str]) -> Spec:
    kinds = data["score"].unique(maintain_order=True).to_list()
    x = ordered("window", "Window: first to last occasion", spans, scale={"padding": 0.4})
    moved = {"xOffset": {"field": "score", "sort": kinds, "scale": {"paddingOuter": 0.6}}}
    hue = _hue(kinds)
    y = quantity("mean", SR_AXIS, zero=True)
    return layered(
        zero_rule(),
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "transform": [{"filter": "isValid(datum.low)"}],
            "encoding": {
                "x": x,
                **moved,
                "color": hue,
                "y": quantity("low", SR_AXIS, zero=True),
                "y2": {"field": "high"},
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 75, "opacity": 1},
            "encoding": {
                "x": x,
                **moved,
                "y": y,
                "color": hue,
                "shape": {
                    "field": "score",
                    "type": "nominal",
                    "title": None,
                    "scale": {
                        "domain": kinds,
                        "range": ["circle", "square", "triangle-up"],
                    },
                },
            },
        },
        height=320,
        data=values(data),
    )


def _lines_figure(lines: pl.DataFrame, summary: pl.DataFrame) -> Figure:
    data = lines.with_columns(pl.col("window").cast(pl.String))
    slopes = summary["slope"].drop_nulls().to_list()
    steepness = "Curves have another slope at each exposure. "
    if len(slopes) == summary.height:
        steepness = (
            f"Slopes run from {signed(min(slopes), 3)} to {signed(max(slopes), 3)} points of "
            "problems per point of exposure. "
        )
    return Figure(
        name="window-lines",
        title="The line of each window",
        description=(
            "Expected problems over exposure (at most 5 to 95 % of its range), one line for each "
            f"of {summary.height} windows. {steepness}Lines that move up mean more problems at the "
            f"same exposure."
        ),
        chart=_lines_chart(data),
        data=data,
        columns=LINE_COLUMNS,
    )


def _lines_chart(data: pl.DataFrame) -> Spec:
    """Colours and dashes for up to eight windows; beyond, shades for windows in a row."""
    names = data["window"].unique(maintain_order=True).to_list()
    few = len(names) <= len(CATEGORIES)
    part_of = {name: name for name in names} if few else _parts(names, len(HEAT) - 1)
    parts = list(dict.fromkeys(part_of.values()))
    shades = dict(zip(parts, CATEGORIES if few else HEAT[1:], strict=False))
    hue: Spec = {"field": "part", "type": "nominal", "title": "Window", "sort": parts}
    encoding = {
        "x": quantity("E", "Exposure E (points, mean over the window)"),
        "y": quantity("expected", "Expected problems P (points)"),
        "color": {**hue, "scale": palette_scale(shades)},
        "detail": {"field": "window"},
    }
    if few:
        encoding["strokeDash"] = {**hue, "scale": {"domain": parts}}
    return {
        "width": 620,
        "height": 320,
        "data": values(data.with_columns(pl.col("window").replace_strict(part_of).alias("part"))),
        "mark": {"type": "line", "strokeWidth": 2.5 if few else 1.2},
        "encoding": encoding,
    }


def _parts(windows: list[str], n: int) -> dict[str, str]:
    """Put windows in a row into so many parts, each called by its first and last."""
    places = [at * n // len(windows) for at in range(len(windows))]
    rows = [[name for name, at in zip(windows, places, strict=True) if at == k] for k in range(n)]
    return {name: f"{row[0]} to {row[-1]}" for row in rows for name in row}
