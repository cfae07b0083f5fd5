"""Participant flow, and what is missing when."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.charting import MANY_LABELS
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import as_told, hide_small_beside
from salutogen.page.words import Sentence, say
from salutogen.panel import Panel
from salutogen.panel.missing_reasons import missing_cells
from salutogen.panel.panel import Reason
from salutogen.report.context import Context
from salutogen.report.sections.flow_figures import (
    BY_NUMBER,
    MISSING,
    REASON_WORDS,
    flow_figure,
    flow_in_blocks,
    missing_figure,
    per_person_figure,
)
from salutogen.scores.flow import FLOW_COLUMNS

MOST_WITHHELD = 0.25  # of the occasions, up to which they are drawn one by one
BEHIND = (
    Column(name="forms", meaning="Forms at the occasion", kind=Kind.COUNT),
    Column(name="persons", meaning="Persons behind the share", kind=Kind.COUNT, of="forms"),
)


def flow_section(context: Context) -> Section:
    """Who answered at each planned occasion, how often persons did, and why answers miss."""
    table = _table(context)
    flow = told_flow(context)
    per_person = told_per_person(valid_per_person(context), flow, context.audience)
    missing = missing_reasons(context)
    figures = [_flow_figure(flow, context), per_person_figure(per_person)]
    if missing.height and missing["share"].null_count() < missing.height:
        figures.append(missing_figure(missing, tuple(context.labels)))
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


def _flow_figure(told: pl.DataFrame, context: Context) -> Figure:
    """Every occasion; blocks of them where most of many may not be told."""
    many = told.height > MANY_LABELS
    if many and told["valid"].null_count() > MOST_WITHHELD * told.height:
        return flow_in_blocks(flow_table(context), context.audience)
    return flow_figure(told)


def told_flow(context: Context) -> pl.DataFrame:
    """Persons by planned occasion, without counts that may not be told."""
    return as_told(_table(context), context.audience).frame


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
        numbers = [
            "0",
            *(
                f"{a} to {b}" if a < b else str(b)
                for a, b in zip(starts[1:].tolist(), ends[1:], strict=True)
            ),
        ]
        persons = np.add.reduceat(persons, starts)
    return pl.DataFrame({"valid": numbers, "persons": persons})


def told_per_person(counts: pl.DataFrame, flow: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    """How many persons have so many valid occasions, without counts that may not be told.

    Where everyone is told to be valid at so many occasions, nobody can have fewer: such a count is
    known to be 0, and blank it would hide no other one.

    Parameters
    ----------
    counts : DataFrame
        From `valid_per_person`.
    flow : DataFrame
        Persons by occasion as they are told.
    audience : Audience
    """
    everyone = flow.filter(pl.col("valid") == audience.n_persons).height
    most = [int(label.split(" to ")[-1]) for label in counts["valid"]]
    first = sum(number < everyone for number in most)
    table = Table(
        name="valid-occasions",
        title="Persons by their number of valid occasions",
        frame=counts.slice(first),
        columns=BY_NUMBER,
    )
    return pl.concat([counts.head(first), as_told(table, audience).frame])


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
