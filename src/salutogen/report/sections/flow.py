"""Participant flow, and what is missing when."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.page.audience import Audience
from salutogen.page.charting import MANY_LABELS, layered, ordered, palette_scale, quantity, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import percent, plural
from salutogen.panel import Panel
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
COLUMN_WORDS = {column.name: column.heading for column in FLOW_COLUMNS if column.heading}


def flow_section(context: Context) -> Section:
    """Who answered at each planned occasion, how often persons did, and why answers miss."""
    flow = suppress(_flow(context), [*list(COLUMN_WORDS)[1:]], context.audience)
    per_person = suppress(valid_per_person(context), ["persons"], context.audience)
    missing = missing_reasons(context)
    figures = [_flow_figure(flow, context), _per_person_figure(per_person, context)]
    if missing.height:
        figures.append(_missing_figure(missing, context))
    return Section(
        title="Participant flow and missing answers",
        paragraphs=(_flow_words(context),),
        figures=tuple(figures),
        tables=(
            Table(
                name="flow",
                title="Persons by planned occasion",
                frame=flow,
                labels=COLUMN_WORDS,
                units=dict.fromkeys(list(COLUMN_WORDS)[1:], "persons"),
                note=_suppressed_note(context.audience),
            ),
        ),
    )


def _suppressed_note(audience: Audience) -> str:
    if audience.individuals:
        return ""
    return f"A dash stands for fewer than {audience.smallest} persons."


def suppress(frame: pl.DataFrame, columns: list[str], audience: Audience) -> pl.DataFrame:
    """Blank counts too small to be shown (0 stays)."""
    if audience.individuals:
        return frame
    return frame.with_columns(
        pl.when((pl.col(name) == 0) | (pl.col(name) >= audience.smallest)).then(pl.col(name))
        for name in columns
    )


def _flow(context: Context) -> pl.DataFrame:
    return context.results.score_table.flow.select(*COLUMN_WORDS)


def valid_per_person(context: Context) -> pl.DataFrame:
    """How many persons have so many valid occasions."""
    table = context.results.score_table.table
    counts = np.bincount(
        table["person"].to_numpy(),
        weights=table["valid"].cast(pl.Float64).to_numpy(),
        minlength=context.results.panel.n_persons,
    ).astype(np.int64)
    persons = np.bincount(counts, minlength=len(context.labels) + 1)
    return pl.DataFrame({"valid": np.arange(persons.size), "persons": persons})


def missing_reasons(context: Context) -> pl.DataFrame:
    """Share of expected answers that miss, by occasion and reason (repeated instruments)."""
    panel = context.results.panel
    size = len(context.labels)
    counts = count_reasons(panel, size)
    items = sum(frame.width for frame in panel.answers.values())
    forms = np.bincount(panel.rows["occasion"].to_numpy(), minlength=size)
    asked = np.maximum(forms * items, 1)
    found = [
        {
            "occasion": context.labels[place],
            "reason": word,
            "share": float(counts[place, reason] / asked[place]),
        }
        for reason, word in REASON_WORDS.items()
        if counts[:, reason].any()
        for place in range(size)
    ]
    return pl.DataFrame(found)


def count_reasons(panel: Panel, size: int) -> np.ndarray:
    """Answers by occasion (rows) and `Reason` (columns), over all repeated instruments."""
    kinds = len(Reason)
    counts = np.zeros((size, kinds), dtype=np.int64)
    place = panel.rows["occasion"].to_numpy().astype(np.int64) * kinds
    for frame in panel.reasons.values():
        for column in frame.get_columns():
            codes = column.fill_null(0).to_numpy()
            counts += np.bincount(place + codes, minlength=size * kinds).reshape(size, kinds)
    return counts


def _flow_words(context: Context) -> str:
    panel, table = context.results.panel, context.results.score_table.table
    valid = int(table["valid"].sum())
    flow = _flow(context)
    last = flow.row(-1, named=True)
    kept = last["valid"] / panel.n_persons if panel.n_persons else None
    return (
        f"{plural(panel.n_persons, 'person')} gave {plural(table.height, 'answered form')} at "
        f"{plural(flow.height, 'planned occasion')}; {valid:,} of them are valid, that is, hold "
        f"both exposure and problems. At the last occasion ({last['occasion']}) "
        f"{percent(kept)} of the persons are still valid."
    )


def _flow_figure(flow: pl.DataFrame, context: Context) -> Figure:
    long = flow.select("occasion", "answered", "valid")
    x = ordered("occasion", "Planned occasion", context.labels)
    bar = {"type": "bar", "cornerRadiusEnd": 2}
    layers = [
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
    say = context.audience.count
    return Figure(
        name="participant-flow",
        title="Persons with valid scores at each planned occasion",
        description=(
            f"Bars by planned occasion. Valid persons (exposure and problems both known; dark, "
            f"with the number above): {say(first['valid'] or 0)} at {first['occasion']} and "
            f"{say(last['valid'] or 0)} at {last['occasion']}. "
            f"A light end of a bar stands for forms that were answered but not valid."
        ),
        chart=layered(*layers, height=260, data=values(long)),
        data=long,
        units={"answered": "persons", "valid": "persons"},
    )


def _per_person_figure(counts: pl.DataFrame, context: Context) -> Figure:
    order = counts["valid"].to_list()
    x = ordered("valid", "Valid occasions of a person", order)
    bars = {
        "mark": {"type": "bar", "color": colour("heat-4"), "cornerRadiusEnd": 2},
        "encoding": {"x": x, "y": quantity("persons", "Persons", zero=True)},
    }
    layers = [bars]
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
        description=(
            f"Bars count persons by their number of valid occasions; "
            f"{context.audience.count(full['persons'] or 0)} have all {full['valid']}."
        ),
        chart=layered(*layers, height=220, data=values(counts)),
        data=counts,
        units={"valid": "occasions", "persons": "persons"},
    )


def _missing_figure(missing: pl.DataFrame, context: Context) -> Figure:
    present = missing["reason"].unique(maintain_order=True).to_list()
    names = {word: name for word, name in _REASON_COLOURS.items() if word in present}
    chart = {
        "width": 620,
        "height": 240,
        "data": values(missing),
        "mark": {"type": "bar"},
        "encoding": {
            "x": ordered("occasion", "Planned occasion", context.labels),
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
    return Figure(
        name="missing-answers",
        title="Why answers are missing, in the forms that are in the data",
        description=(
            f"Stacked bars give the share of item answers missing by reason. It is largest at "
            f"{most['occasion']} with {percent(most['share'])}. An event that did not occur is an "
            f"answer, not a missing one."
        ),
        chart=chart,
        data=missing,
        units={"share": "share of answers"},
    )
