"""The page's section on who was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.attrition.figures import (
    balance_figure,
    hazard_forest,
    shift_curve,
    still_observed,
    tipping_figure,
)
from salutogen.analyses.attrition.occasions_table import occasions_table
from salutogen.analyses.attrition.records import (
    BALANCE_COLUMNS,
    HALVES,
    HAZARD_COLUMNS,
    Tipping,
    Told,
    TwoWays,
    WeightedContrast,
    WeightedFactor,
    WeightedMechanism,
)
from salutogen.analyses.attrition.words import (
    change_words,
    end_words,
    factor_words,
    hazard_words,
    lost_words,
    mechanism_words,
    tipping_words,
    turns,
    unclaimed_words,
    weights_words,
)
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import SIGN

if TYPE_CHECKING:
    from salutogen.analyses.attrition.analysis import AttritionResult
    from salutogen.page.audience import Audience

RULE = (
    "Who is seen at occasion {end} or later is not lost; who is last seen before is lost after "
    "the last occasion with both scores, and a gap in between is no loss."
)
WHAT = (
    "Those who are left at the end need not be like those who began. After each occasion at which "
    "a person could be lost, the odds of not being seen again are modelled by what was seen at "
    "this occasion and at first. Each person who is seen then stands for those who were like it "
    "and are lost: weights are the inverse of the chance of still being observed."
)
ASSUMES = (
    "What this assumes: that loss after an occasion goes with nothing but what stands in the "
    "model, that nobody was certain to be lost, and that gaps tell nothing. Whether loss goes with "
    "problems that were not seen any more can never be seen; what that would take to turn a claim "
    "is followed below."
)
SHIFTS = (
    "Lost persons are expected to have fared as {by}; a shift is added to that. It is the same "
    "for everyone who was lost, and for every occasion after."
)
NOTHING_ELSE = "P and E stand in the model in the place of SR, which is made of them."


def _ends(prefix: str, heading: str, meaning: str) -> tuple[Column, ...]:
    return (
        Column(name=f"{prefix}_b", meaning=meaning, sign=LESS_RESILIENT, heading=heading),
        Column(name=f"{prefix}_low", meaning="Lower end of its 95 % interval", heading="from"),
        Column(name=f"{prefix}_high", meaning="Upper end of its 95 % interval", heading="to"),
    )


CONTRAST_COLUMNS = (
    Column(name="what", meaning="Score and what of it", kind=Kind.LABEL, heading="Mean"),
    *_ends("plain", "Those present", "Over those present"),
    *_ends("weighted", "Weighted", "Weighted for loss"),
    *_ends("model", "By the model of single occasions", "By the model of the windows"),
)
FACTOR_COLUMNS = (
    Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor"),
    Column(name="step", meaning="Way of asking", kind=Kind.LABEL, heading="Way of asking"),
    Column(name="n", meaning="Persons", unit="persons", kind=Kind.COUNT, heading="Persons",
           nested="counts"),
    Column(name="as_found", meaning="Over persons' means, unweighted", sign=LESS_RESILIENT,
           heading="Persons' means"),
    *_ends("plain", "Occasions", "Over single occasions, unweighted"),
    *_ends("weighted", "Occasions, weighted", "Over single occasions, weighted"),
)  # fmt: skip
MECHANISM_COLUMNS = (
    Column(name="way", meaning="Factor and mechanism", kind=Kind.LABEL, heading="Way"),
    *FACTOR_COLUMNS[1:],
)
TIPPING_COLUMNS = (
    Column(name="claim", meaning="What is claimed", kind=Kind.LABEL, heading="Claim"),
    *_ends("zero", "No shift", "Estimate without a shift"),
    Column(name="tips", meaning="Smallest shift at which the interval begins or ceases to hold 0",
           unit=POINTS, kind=Kind.PERSON, heading="Turns at a shift of"),
    Column(name="tips_sd", meaning="The same shift", unit="SDs of SR", heading="in SDs",
           step=HALVES),
    Column(name="words", meaning="The same in words", kind=Kind.LABEL, heading="In words"),
)  # fmt: skip


def attrition_section(result: AttritionResult, audience: Audience) -> Section:
    """Who was lost, weights and balance, and what it takes to turn a claim."""
    told: list[Text] = [lost_words(result), RULE.format(end=result.end)]
    if result.weights is not None:
        told += [WHAT, ASSUMES, hazard_words(result)]
        told += [NOTHING_ELSE] if {"problems P", "exposure E"} & set(result.hazard["term"]) else []
        told += [weights_words(result), end_words(result)]
    told += [words for words in (change_words(result),) if words and result.n_lost]
    told += [words for words in (factor_words(result), mechanism_words(result)) if words]
    if result.tipping:
        told.append(SHIFTS.format(by=result.tipping[0].expected_by))
        told += [words for words in (tipping_words(result), unclaimed_words(result)) if words]
    return Section(
        title="Who was lost",
        paragraphs=tuple(told),
        figures=_figures(result, audience),
        tables=tuple(table for table in _tables(result, audience) if table.frame.height),
    )


def _figures(result: AttritionResult, audience: Audience) -> tuple[Figure, ...]:
    found = (
        still_observed(occasions_table(result, audience), audience),
        hazard_forest(result.hazard),
        None if result.weights is None else balance_figure(result.weights.balance),
        tipping_figure(result.tipping, audience),
        shift_curve(result.tipping) if audience.individuals else None,
    )
    return tuple(one for one in found if one is not None)


def _tables(result: AttritionResult, audience: Audience) -> tuple[Table, ...]:
    return (
        occasions_table(result, audience),
        Table(
            name="attrition-hazard", title="Odds of being lost after an occasion",
            frame=result.hazard, columns=HAZARD_COLUMNS,
            note="Each given the others and the occasion. Above 1: more of it goes with being "
            "lost.",
        ),
        Table(
            name="attrition-balance", title="Those seen at the end beside everyone, at first",
            frame=pl.DataFrame() if result.weights is None else result.weights.balance,
            columns=BALANCE_COLUMNS,
        ),
        _table(
            "attrition-means", "Means, weighted for loss and as they are",
            [_contrast(one) for one in result.contrasts] if result.n_lost else [],
            CONTRAST_COLUMNS, f"{SIGN}.",
        ),
        _table(
            "attrition-factors", "Factors, weighted for loss and as they are",
            [row for one in result.factors for row in _factor(one)], FACTOR_COLUMNS,
        ),
        _table(
            "attrition-mechanisms", "Ways over a mechanism, weighted for loss and as they are",
            [row for one in result.mechanisms for row in _mechanism(one)], MECHANISM_COLUMNS,
            "Paths are per unit of where they begin, indirect effects for the difference of the "
            "factor. Errors of products are to first order; where few persons stand behind them, "
            "percentiles of the step itself hold better.",
        ),
        _table(
            "attrition-tipping", "What it takes of the lost to turn a claim",
            [_tipping(one, audience) for one in result.tipping],
            # To the point shifts would tell how many were lost.
            [one for one in TIPPING_COLUMNS if audience.individuals or one.kind is not Kind.PERSON],
        ),
    )  # fmt: skip


def _table(
    name: str, title: str, rows: list[dict[str, object]], columns: Sequence[Column], note: str = ""
) -> Table:
    kinds = {
        item.name: pl.String if item.kind is Kind.LABEL
        else pl.Int64 if item.kind is Kind.COUNT else pl.Float64
        for item in columns
    }  # fmt: skip
    return Table(name=name, title=title, frame=pl.DataFrame(rows, schema=kinds), columns=columns,
                 note=note)  # fmt: skip


def _told(prefix: str, found: Told | None) -> dict[str, object]:
    if found is None:
        return {}
    low, high = found.interval or (None, None)
    return {f"{prefix}_b": found.estimate, f"{prefix}_low": low, f"{prefix}_high": high}


def _contrast(one: WeightedContrast) -> dict[str, object]:
    what = f"{one.score} at {one.ends}"
    if one.what == "change":
        what = f"{one.score}, {one.ends} less {one.begins}"
    return {
        "what": what,
        **_told("plain", one.unweighted),
        **_told("weighted", one.weighted),
        **_told("model", one.by_model),
    }


def _factor(one: WeightedFactor) -> list[dict[str, object]]:
    def row(step: str, found: TwoWays, n: int) -> dict[str, object]:
        return {
            "factor": one.title, "step": step, "n": n, "as_found": found.as_found,
            **_told("plain", found.unweighted), **_told("weighted", found.weighted),
        }  # fmt: skip

    made = [row("two steps", one.two_step, one.n), row("one step", one.one_step, one.n)]
    if one.joint is not None:
        beside = "beside the others"
        made.append(row(f"two steps, {beside}", one.joint.two_step, one.joint.n))
        made.append(row(f"one step, {beside}", one.joint.one_step, one.joint.n))
    return made


def _mechanism(one: WeightedMechanism) -> list[dict[str, object]]:
    parts = (
        ("factor to mechanism", one.a, one.n_mechanism),
        ("mechanism to SR", one.b, one.n),
        ("indirect, two steps", one.two_step, one.n),
        ("indirect, one step", one.one_step, one.n),
    )
    return [
        {
            "way": one.title, "step": step, "n": n, "as_found": found.as_found,
            **_told("plain", found.unweighted), **_told("weighted", found.weighted),
        }
        for step, found, n in parts
    ]  # fmt: skip


def _tipping(one: Tipping, audience: Audience) -> dict[str, object]:
    tips, tips_sd = (one.tips_at, one.tips_at_sd) if one.is_claim else (None, None)
    return {
        "claim": one.claim, **_told("zero", one.at_zero),
        **({"tips": tips} if audience.individuals else {}),
        "tips_sd": tips_sd, "words": turns(one).worded(audience.in_a_sentence),
    }  # fmt: skip
