"""Participant flow, and what is missing when."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.charting import (
    MANY_LABELS,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    withheld,
)
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import hide_small, hide_small_beside
from salutogen.page.words import Sentence, percent, say
from salutogen.panel import Panel
from salutogen.panel.missing_reasons import missing_cells
from salutogen.panel.panel import Reason
from salutogen.report.context import Context
from salutogen.scores.flow import FLOW_COLUMNS

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
WITHHELD = "withheld: it would tell of fewer than five persons"
BY_NUMBER = (
    Column(name="valid", meaning="Valid occasions", unit="occasions", kind=Kind.LABEL),
    # They add up to everyone, and times the valid occasions to the valid forms.
    Column(name="persons", meaning="Persons", unit="persons", kind=Kind.COUNT, adds_up=2),
)
MISSING = (
    Column(name="occasion", meaning="Planned occasion", kind=Kind.LABEL),
    Column(name="reason", meaning="Why the answer is missing", kind=Kind.LABEL),
    Column(name="share", meaning="Share of the answers", unit="share of answers", kind=Kind.SHARE),
)
BEHIND = (
    Column(name="forms", meaning="Forms at the occasion", kind=Kind.COUNT),
    Column(name="persons", meaning="Persons behind the share", kind=Kind.COUNT, of="forms"),
)


def flow_section(context: Context) -> Section:
    """Who answered at each planned occasion, how often persons did, and why answers miss."""
    table = _table(context)
    by_number = Table(
        name="valid-occasions",
        title="Persons by their number of valid occasions",
        frame=valid_per_person(context),
        columns=BY_NUMBER,
    )
    flow = told_flow(context)
    per_person = hide_small(by_number, context.audience).frame
    missing = missing_reasons(context)
    figures = [_flow_figure(flow, context), _per_person_figure(per_person)]
    if missing.height and missing["share"].null_count() < missing.height:
        figures.append(_missing_figure(missing, context))
    return Section(
        title="Participant flow and missing answers",
        paragraphs=(_flow_words(context, flow),),
        figures=tuple(figures),
        tables=(table,),
    )


def _table(context: Context) -> Table:
    return Table(
        name="flow",
        title="Persons by planned occasion",
        frame=flow_table(context),
        columns=FLOW_COLUMNS,
    )


def told_flow(context: Context) -> pl.DataFrame:
    """Persons by planned occasion, without counts that may not be told."""
    return hide_small(_table(context), context.audience).frame


def flow_table(context: Context) -> pl.DataFrame:
    """Persons by planned occasion."""
    return context.scores.flow.drop("occasion_index")


def valid_per_person(context: Context) -> pl.DataFrame:
    """How many persons have so many valid occasions."""
    table = context.scores.table
    counts = np.bincount(
        table["person"].to_numpy(),
        weights=table["valid"].cast(pl.Float64).to_numpy(),
        minlength=context.panel.n_persons,
    ).astype(np.int64)
    persons = np.bincount(counts, minlength=len(context.labels) + 1)
    numbers = [str(number) for number in range(persons.size)]
    width = -(-(persons.size - 1) // MANY_LABELS)
    if width > 1:  # those without any stay apart
        starts = np.r_[0, 1 : persons.size : width]
        last = persons.size - 1
        ends = [min(start + width - 1, last) for start in starts.tolist()]
        numbers = ["0", *(f"{a} to {b}" if a < b else str(b)
                          for a, b in zip(starts[1:].tolist(), ends[1:], strict=True))]
        persons = np.add.reduceat(persons, starts)
    return pl.DataFrame({"valid": numbers, "persons": persons})


def missing_reasons(context: Context) -> pl.DataFrame:
    """Share of expected answers that miss, by occasion and reason (repeated instruments)."""
    panel = context.panel
    size = len(context.labels)
    counts = count_reasons(panel, size)
    items = sum(frame.width for frame in panel.answers.values())
    forms = np.bincount(panel.rows["occasion"].to_numpy(), minlength=size)
    asked = np.maximum(forms * items, 1)
    behind = _persons_behind(panel, size)
    found = [
        {
            "occasion": context.labels[place],
            "reason": word,
            "share": float(counts[place, reason] / asked[place]),
            "forms": int(forms[place]),
            "persons": int(behind[place, reason]),
        }
        for reason, word in REASON_WORDS.items()
        if counts[:, reason].any()
        for place in range(size)
    ]
    frame = pl.DataFrame(found)
    if not frame.height:
        return frame
    table = Table(name="missing-answers", title="", frame=frame, columns=MISSING)
    return hide_small_beside(table, BEHIND, context.audience).frame


def _persons_behind(panel: Panel, size: int) -> np.ndarray:
    """Persons behind the missing answers by occasion (rows) and `Reason` (columns)."""
    occasion = panel.rows["occasion"].to_numpy()
    missing = {reason: np.zeros(occasion.size, dtype=bool) for reason in REASON_WORDS}
    for rows, codes in missing_cells(panel):
        for reason, mask in missing.items():
            mask[rows[codes == reason]] = True
    found = np.zeros((size, len(Reason)), dtype=np.int64)
    for reason, mask in missing.items():
        found[:, reason] = np.bincount(occasion[mask], minlength=size)
    return found


def count_reasons(panel: Panel, size: int) -> np.ndarray:
    """Missing answers by occasion (rows) and `Reason` (columns), over repeated instruments."""
    kinds = len(Reason)
    counts = np.zeros(size * kinds, dtype=np.int64)
    place = panel.rows["occasion"].to_numpy().astype(np.int64) * kinds
    for rows, codes in missing_cells(panel):
        counts += np.bincount(place[rows] + codes, minlength=size * kinds)
    return counts.reshape(size, kinds)


def _flow_words(context: Context, told: pl.DataFrame) -> Sentence:
    n_persons, audience = context.panel.n_persons, context.audience
    last = flow_table(context).row(-1, named=True)
    kept = audience.share(last["valid"], n_persons)
    if told["valid"][-1] is None and not audience.hides(last["valid"]):
        kept = "a part that is not told"
    return say(
        "{persons:# person|# persons} gave {forms:# answered form|# answered forms} at "
        "{occasions:# planned occasion|# planned occasions}; {valid} of them are valid, that "
        "is, hold both exposure and problems. At the last occasion ({last}) {kept} of the persons "
        "are valid.",
        persons=Persons(n_persons),
        forms=context.forms,
        occasions=told.height,
        valid=context.valid_forms,
        last=last["occasion"],
        kept=kept,
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


def _flow_figure(flow: pl.DataFrame, context: Context) -> Figure:
    drawn = ("answered", "valid")
    told = pl.all_horizontal(pl.col(*drawn).is_not_null())
    # A bar without its other part would look like forms that are not valid.
    long = flow.select("occasion", *(pl.when(told).then(pl.col(name)) for name in drawn))
    x = ordered("occasion", "Planned occasion", context.labels)
    bar = {"type": "bar", "cornerRadiusEnd": 2}
    gone = long.filter(pl.col("valid").is_null())["occasion"].to_list()
    layers = [
        *withheld(gone, x, WITHHELD),
        {
            "mark": {**bar, "color": colour("heat-2"), "width": {"band": 0.72}},
            "encoding": {"x": x, "y": quantity("answered", "Persons", zero=True)},
        },
        {
            "mark": {**bar, "color": colour("heat-4"), "width": {"band": 0.72}},
            "encoding": {"x": x, "y": quantity("valid", "Persons", zero=True)},
        },
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


def _per_person_figure(counts: pl.DataFrame) -> Figure:
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


def _missing_figure(missing: pl.DataFrame, context: Context) -> Figure:
    present = missing["reason"].unique(maintain_order=True).to_list()
    names = {word: name for word, name in _REASON_COLOURS.items() if word in present}
    x = ordered("occasion", "Planned occasion", context.labels)
    gone = missing.filter(pl.col("share").is_null())["occasion"].unique(maintain_order=True)
    bars = {
        "mark": {"type": "bar"},
        "encoding": {
            "x": x,
            "y": quantity(
                "share", "Share of answers missing", zero=True, axis={"format": ".1%"}, stack="zero"
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
