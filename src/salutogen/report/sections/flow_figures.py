"""Figures of the participant flow; what is withheld is grey, never an empty place."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.charting import (
    MANY_LABELS,
    Spec,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    withheld,
)
from salutogen.page.colours import colour
from salutogen.page.section import Figure
from salutogen.page.words import percent, say
from salutogen.panel.panel import Reason
from salutogen.scores.flow import FLOW_COLUMNS

WITHHELD = "withheld: it would tell of fewer than five persons"
SHARE_FORMAT = ".3~p"  # significant digits: a tick of 0.04 % is not written 0 %
ROUNDED = 5  # persons, to which means of several occasions are rounded where persons are hidden
REASON_WORDS = {
    Reason.NOT_ASKED: "not asked",
    Reason.SKIPPED: "skipped",
    Reason.ABSENT: "form absent",
    Reason.INVALID: "invalid code",
}
_REASON_COLOURS = {
    "not asked": "eight",
    "skipped": "two",
    "form absent": "one",
    "invalid code": "four",
}
BY_NUMBER = (
    Column(name="valid", meaning="Valid occasions", unit="occasions", kind=Kind.LABEL),
    # They add up to everyone, and times the valid occasions to the valid forms.
    Column(name="persons", meaning="Persons", unit="persons", kind=Kind.COUNT, adds_up=2),
)
MISSING = (
    Column(name="occasion", meaning="Planned occasion", kind=Kind.LABEL),
    Column(name="reason", meaning="Why the answer is missing", kind=Kind.LABEL),
    Column(name="share", meaning="Share of the answers", unit="share of answers", kind=Kind.SHARE,
           step=0.01),
)  # fmt: skip
BLOCKS = (
    Column(name="occasions", meaning="Planned occasions, first to last", kind=Kind.LABEL),
    *(
        Column(name=name, meaning=f"{meaning} at one of them (mean, to {ROUNDED})", unit="persons")
        for name, meaning in (("answered", "Persons who answered"), ("valid", "Persons with both"))
    ),
)


def _told(n: int | None) -> Persons | str:
    return "a number that may not be told" if n is None else Persons(n)


def _in_grey(n: int, what: str, more: str) -> str:
    """Say what grey fields stand for; nothing where nothing is withheld."""
    if not n:
        return ""
    return (
        f" Grey fields are {what} whose counts {more}would tell of fewer than five persons: they "
        "are withheld, not 0."
    )


def flow_figure(flow: pl.DataFrame) -> Figure:
    """Draw persons by planned occasion, from counts that may be told."""
    drawn = ("answered", "valid")
    told = pl.all_horizontal(pl.col(*drawn).is_not_null())
    # A bar without its other part would look like forms that are not valid.
    long = flow.select("occasion", *(pl.when(told).then(pl.col(name)) for name in drawn))
    x = ordered("occasion", "Planned occasion", flow["occasion"].to_list())
    gone = long.filter(pl.col("valid").is_null())["occasion"].to_list()
    layers = [
        *withheld(gone, x, WITHHELD),
        *_bars(x),
    ]
    if flow.height <= MANY_LABELS:
        layers.append(
            {
                "mark": {"type": "text", "dy": -8, "color": colour("ink")},
                "encoding": {
                    "x": x,
                    "y": quantity("answered", "Persons", zero=True),
                    "text": {"field": "valid"},
                },
            }
        )
    first, last = flow.row(0, named=True), flow.row(-1, named=True)
    return Figure(
        name="participant-flow",
        title="Persons with valid scores at each planned occasion",
        description=say(
            "Bars by planned occasion. Valid persons (exposure and problems both known; dark"
            "{numbered}): {first} at {at_first} and {last} at {at_last}. A light end of "
            "a bar stands for forms that were answered but not valid.{gone}",
            numbered=", with the number above" if flow.height <= MANY_LABELS else "",
            first=_told(first["valid"]),
            at_first=first["occasion"],
            last=_told(last["valid"]),
            at_last=last["occasion"],
            gone=_in_grey(len(gone), "occasions", "or their differences from other occasions "),
        ),
        chart=layered(*layers, height=260, data=values(long)),
        data=long,
        columns=FLOW_COLUMNS,
    )


def per_person_figure(counts: pl.DataFrame) -> Figure:
    """Draw how many persons have so many valid occasions."""
    order = counts["valid"].to_list()
    x = ordered("valid", "Valid occasions of a person", order)
    gone = counts.filter(pl.col("persons").is_null())["valid"].to_list()
    bars = {
        "mark": {"type": "bar", "color": colour("heat-4"), "cornerRadiusEnd": 2},
        "encoding": {"x": x, "y": quantity("persons", "Persons", zero=True)},
    }
    layers = [*withheld(gone, x, WITHHELD), bars]
    if counts.height <= MANY_LABELS:
        layers.append(
            {
                "mark": {"type": "text", "dy": -8, "color": colour("ink")},
                "encoding": {
                    "x": x,
                    "y": quantity("persons", "Persons", zero=True),
                    "text": {"field": "persons"},
                },
            }
        )
    full = counts.row(-1, named=True)
    return Figure(
        name="valid-occasions",
        title="How many valid occasions persons have",
        description=say(
            "Bars count persons by their number of valid occasions; {n} have {all}.{gone}",
            n=_told(full["persons"]),
            all=f"all {full['valid']}" if full["valid"].isdigit() else full["valid"],
            gone=_in_grey(len(gone), "bars", ""),
        ),
        chart=layered(*layers, height=220, data=values(counts)),
        data=counts,
        columns=BY_NUMBER,
    )


def missing_figure(missing: pl.DataFrame, labels: tuple[str, ...]) -> Figure:
    """Draw the share of answers that miss, by reason."""
    present = missing["reason"].unique(maintain_order=True).to_list()
    names = {word: name for word, name in _REASON_COLOURS.items() if word in present}
    x = ordered("occasion", "Planned occasion", labels)
    gone = missing.filter(pl.col("share").is_null())["occasion"].unique(maintain_order=True)
    bars = {
        "mark": {"type": "bar"},
        "encoding": {
            "x": x,
            "y": quantity(
                "share",
                "Share of answers missing",
                zero=True,
                axis={"format": SHARE_FORMAT},
                stack="zero",
            ),
            "color": {
                "field": "reason",
                "type": "nominal",
                "title": None,
                "scale": palette_scale(names),
            },
        },
    }
    total = missing.group_by("occasion", maintain_order=True).agg(pl.col("share").sum())
    most = total.sort("share", descending=True, maintain_order=True).row(0, named=True)
    largest = f"It is largest at {most['occasion']} with {percent(most['share'])}."
    if missing["share"].null_count():
        largest = f"Shares of few persons are left out.{_in_grey(len(gone), 'occasions', '')}"
    return Figure(
        name="missing-answers",
        title="Why answers are missing, in the forms that are in the data",
        description=(
            f"Stacked bars give the share of item answers missing by reason. {largest} "
            "An event that did not occur is an answer, not a missing one."
        ),
        chart=layered(
            *withheld(gone.to_list(), x, WITHHELD),
            bars,
            height=240,
            data=values(missing),
            resolve={"scale": {"color": "independent"}},
        ),
        data=missing,
        columns=MISSING,
    )


def flow_in_blocks(flow: pl.DataFrame, audience: Audience) -> Figure:
    """Draw means of several occasions each, where few of many occasions may be told.

    Parameters
    ----------
    flow : DataFrame
        Every count, also those that may not be told.
    audience : Audience
    """
    data = blocks_of_occasions(flow, audience)
    x = ordered("occasions", "Planned occasions", data["occasions"].to_list())
    gone = data.filter(pl.col("valid").is_null())["occasions"].to_list()
    width = -(-flow.height // MANY_LABELS)
    return Figure(
        name="participant-flow",
        title="Persons with valid scores at planned occasions",
        description=(
            f"Bars are means over {width} neighbouring occasions each, rounded to {ROUNDED} "
            "persons, since single occasions differ by too few persons to be told. Dark: persons "
            "with valid scores (exposure and problems both known); a light end stands for forms "
            f"that were answered but not valid.{_in_grey(len(gone), 'bars', '')}"
        ),
        chart=layered(*withheld(gone, x, WITHHELD), *_bars(x), height=260, data=values(data)),
        data=data,
        columns=BLOCKS,
    )


def blocks_of_occasions(flow: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    """Mean persons over neighbouring occasions, rounded; null where few, or all but few."""
    width = -(-flow.height // MANY_LABELS)
    rows = []
    for start in range(0, flow.height, width):
        part = flow.slice(start, width)
        names = part["occasion"].to_list()
        means = {name: part[name].to_numpy().mean() for name in ("answered", "valid")}
        invalid = _rounded(means["answered"] - means["valid"])
        valid = _rounded(means["valid"])
        rounded = {"answered": valid + invalid, "valid": valid}  # no light end by rounding alone
        few = [
            0 < mean < audience.smallest or audience.hides(rounded[name])
            for name, mean in means.items()
        ]
        rows.append(
            {
                "occasions": names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}",
                **{name: None if any(few) else float(value) for name, value in rounded.items()},
            }
        )
    return pl.DataFrame(
        rows, schema={"occasions": pl.String, "answered": pl.Float64, "valid": pl.Float64}
    )


def _rounded(mean: float) -> int:
    return ROUNDED * int(np.rint(mean / ROUNDED))


def _bars(x: Spec) -> list[Spec]:
    """Light bars of those who answered, dark bars of those who are valid before them."""
    bar = {"type": "bar", "cornerRadiusEnd": 2, "width": {"band": 0.72}}
    return [
        {
            "mark": {**bar, "color": colour(shade)},
            "encoding": {"x": x, "y": quantity(name, "Persons", zero=True)},
        }
        for name, shade in (("answered", "heat-2"), ("valid", "heat-4"))
    ]
