"""`summarise(results)`: the plain data the page opens with. Templates only render it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from salutogen.findings import Finding, Severity, catalogue
from salutogen.page.audience import PERSONS_DRAWN, Audience
from salutogen.page.words import (
    SIGN,
    enumeration,
    number,
    percent,
    plural,
    points,
    signed,
)
from salutogen.report.context import Context, quantiles

ORDER = (Severity.REFUSAL, Severity.WARNING, Severity.NOTE)
NO_QUESTION = "Who stays well although exposed to stressors, and can that be believed?"


@dataclass(frozen=True)
class Fact:
    """One figure of the opening with its name."""

    name: str
    value: str


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the page shows it: evidence as pairs of words."""

    code: str
    severity: str
    text: str
    mend: str
    evidence: tuple[Fact, ...]


@dataclass(frozen=True)
class Opening:
    """What was asked, the answer in plain words, the sign, the findings."""

    title: str
    description: str
    question: str
    answer: tuple[str, ...]
    sign: str
    facts: tuple[Fact, ...]
    mode: str
    findings_summary: str
    findings: tuple[ShownFinding, ...]


def summarise(context: Context) -> Opening:
    """Say what was asked and what was found, in plain data."""
    results = context.results
    plan = results.study.plan
    return Opening(
        title=results.study.title,
        description=plan.description or "",
        question=plan.question or NO_QUESTION,
        answer=tuple(text for text in _answer(context) if text),
        sign=f"{SIGN}.",
        facts=_facts(context),
        mode=mode_in_words(context.audience),
        findings_summary=count_in_words(results.findings),
        findings=shown_findings(results.findings, context.audience),
    )


def mode_in_words(audience: Audience) -> str:
    """Say whether single persons are on the page."""
    if not audience.individuals:
        return (
            "This page is in the mode “individuals: hide”: it draws densities and groups only, "
            f"cells with fewer than {audience.smallest} persons are left empty, and its source "
            "holds no data of single persons."
        )
    if not audience.draws_persons:
        return (
            "This page is in the mode “individuals: show”. Above "
            f"{PERSONS_DRAWN:,} persons its figures show groups; the few single courses carry "
            "labels whose order has nothing to do with the data file."
        )
    return (
        "This page is in the mode “individuals: show”: it draws single persons under labels such "
        "as “Person A7”, whose order has nothing to do with the data file. It is personal data; "
        "write “report: {individuals: hide}” in the study file for a page to pass on."
    )


def count_in_words(findings: Sequence[Finding]) -> str:
    """Count findings by severity."""
    counts = {level: sum(item.severity is level for item in findings) for level in ORDER}
    if not findings:
        return "Nothing in the study file, the answers or the results was found doubtful."
    parts = [plural(n, level.value) for level, n in counts.items() if n]
    return (
        f"{enumeration(parts)}. A refusal means that something could not be given, a warning "
        "that it needs judgement, a note that it should be known."
    )


def shown_findings(findings: Sequence[Finding], audience: Audience) -> tuple[ShownFinding, ...]:
    """Sort by severity, keeping the rooms' order, and turn evidence into words."""
    ranked = sorted(findings, key=lambda item: ORDER.index(item.severity))
    return tuple(shown_finding(item, audience) for item in ranked)


def shown_finding(item: Finding, audience: Audience) -> ShownFinding:
    """Turn one finding into words; where persons are hidden, what points at rows is left out."""
    evidence, text = item.evidence, item.text
    pairs: list[tuple[str, Any]] = [
        ("file", evidence.file),
        ("line of the study file", evidence.line),
        ("column", evidence.column),
    ]
    few = 0 < (evidence.n_rows or len(evidence.rows)) < audience.smallest
    if audience.individuals:
        pairs.append(("data rows (the first)", ", ".join(map(str, evidence.rows)) or None))
        pairs += list(_flat(evidence.numbers))
    elif few:
        entry = catalogue().get(item.code)
        text = f"{entry.title if entry else item.code} (fewer than {audience.smallest} rows)."
    if evidence.n_rows is not None:
        pairs.append(("number of rows", audience.count(evidence.n_rows)))
    told = tuple(Fact(name, _word(value)) for name, value in pairs if value is not None)
    return ShownFinding(item.code, item.severity.value, text, item.mend, told)


def _flat(numbers: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{name} ")
        else:
            found.append((f"{before}{name}".replace("_", " "), value))
    return found


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | np.ndarray):
        shown = [_word(item) for item in list(value)[:10]]
        return ", ".join(shown) + (" …" if len(value) > 10 else "")
    if isinstance(value, np.generic):
        value = value.item()
    return number(value, 4) if isinstance(value, int | float) else str(value)


def _answer(context: Context) -> tuple[str, ...]:
    return (
        _answer_line(context),
        _answer_spread(context),
        _answer_belief(context),
        _answer_windows(context),
    )


def _answer_line(context: Context) -> str:
    line = context.results.norm.lines.person
    start = f"In {plural(line.n, 'person')}, "
    if line.slope is None:
        return (
            f"{start}several kinds of exposure together explain {percent(line.r_squared)} of the "
            "differences in problems."
        )
    place = line.terms.index("E")
    half = 1.96 * float(np.sqrt(max(line.covariance[place, place], 0.0)))
    low, high = line.slope - half, line.slope + half
    if low <= 0 <= high:
        return (
            f"{start}exposure to stressors and mental-health problems hang together too weakly to "
            f"say in which direction (slope {signed(line.slope, 3)}, 95 % interval "
            f"{signed(low, 3)} to {signed(high, 3)}): what exposure lets expect is then little "
            "more than the mean, and SR little more than problems."
        )
    more = "more" if line.slope > 0 else "fewer"
    unit = "unit of the composite" if line.standardiser is not None else "point"
    return (
        f"{start}those exposed to more stressors had {more} problems: "
        f"{signed(line.slope, 3)} points for each {unit} of exposure (95 % interval "
        f"{signed(low, 3)} to {signed(high, 3)}). Exposure explains {percent(line.r_squared)} of "
        f"the differences in problems between persons; SR is what it does not explain."
    )


def _answer_spread(context: Context) -> str:
    persons = context.persons
    scored = persons["SR"].drop_nulls().to_numpy()
    if not scored.size:
        return ""
    first, third = quantiles(scored, (0.25, 0.75), context.audience.smallest)
    spread = (
        f"Half of the persons lie between {signed(first)} and {signed(third)} points of SR."
        if first is not None
        else ""
    )
    if "SR_low" not in persons.columns or "SR_high" not in persons.columns:
        return spread
    low = persons["SR_low"].cast(float).to_numpy()
    high = persons["SR_high"].cast(float).to_numpy()
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        return spread
    count = context.audience.count
    resilient, reactive = int((high[known] < 0).sum()), int((low[known] > 0).sum())
    return (
        f"{spread} Of {count(int(known.sum()))} persons whose score has an interval, "
        f"{count(resilient)} had clearly fewer problems than their exposure lets expect (interval "
        f"below 0, more resilient) and {count(reactive)} clearly more (interval above 0, "
        "over-reactive); for the others the score does not settle it."
    ).strip()


def _answer_belief(context: Context) -> str:
    summary = context.results.resilience.summary
    told = []
    reliability = summary.reliability
    if reliability is not None:
        judged = (
            "enough to rank persons" if reliability >= 0.8 else "fit for groups more than persons"
        )
        told.append(f"The reliability of an occasion's SR is {number(reliability, 2)}: {judged}.")
    icc = summary.icc_single
    if icc is not None:
        told.append(
            f"{percent(icc)} of the differences between single SR scores lie between persons and "
            "last; the rest comes and goes."
        )
    left = summary.sr_exposure_correlation
    if left.between is not None:
        told.append(
            f"Between persons SR keeps a correlation of {signed(left.between)} with exposure, "
            f"within persons {signed(left.within)}; 0 would be free of it."
        )
    return f"Can it be believed? {' '.join(told)}" if told else ""


def _answer_windows(context: Context) -> str:
    windows = context.results.resilience.window_summary
    if windows.height < 2:
        return ""
    first, last = windows.row(0, named=True), windows.row(-1, named=True)
    if min(first["n"], last["n"]) < context.audience.smallest:
        return ""
    text = (
        f"Against the line of the first window, mean SR went from "
        f"{signed(first['mean_SR_frozen'])} to {signed(last['mean_SR_frozen'])} points over "
        f"{plural(windows.height, 'window')}"
    )
    complete = "mean_SR_frozen_complete"
    if complete in windows.columns and first.get(complete) is not None:
        text += (
            f"; among those with a score in every window, whose mean dropout cannot move, from "
            f"{signed(first[complete])} to {signed(last[complete])}"
        )
    return f"{text}."


def _facts(context: Context) -> tuple[Fact, ...]:
    results = context.results
    line = results.norm.lines.person
    valid = int(results.score_table.table["valid"].sum())
    facts = [
        Fact("Persons", f"{results.panel.n_persons:,}"),
        Fact("Valid answer forms", f"{valid:,}"),
        Fact("Variance explained by exposure", percent(line.r_squared)),
        Fact("SD of SR (points)", points(line.residual_sd)),
    ]
    if line.slope is not None:
        unit = "unit" if line.standardiser is not None else "point"
        facts.insert(2, Fact(f"Problems per {unit} of exposure", signed(line.slope, 3)))
    return tuple(facts)
