"""The page's section on factors and later SR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salutogen.analyses.factors.completed_section import completed_figures, completed_tables
from salutogen.analyses.factors.completed_words import how_completed
from salutogen.analyses.factors.figures import forest, slope_figure
from salutogen.analyses.factors.records import Correlate, FactorFound
from salutogen.analyses.factors.selection_words import group_table, selection_words
from salutogen.analyses.factors.steps import BY_FACTOR, BothSteps
from salutogen.analyses.factors.tables import FACTOR, step_columns, table
from salutogen.analyses.factors.words import (
    answer_of,
    between_scores,
    buffering_words,
    confounded_words,
    turning_words,
    why_the_ratio,
)
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import say

if TYPE_CHECKING:
    from salutogen.analyses.factors.analysis import FactorsResult
    from salutogen.page.audience import Audience

WHAT = (
    "In two steps, SR after the factor is regressed on it: what goes with exposure is taken out of "
    "problems first, also as far as the factor goes with exposure itself. In one step, problems "
    "are regressed on exposure and the factor at once. Both are of the same persons, with the same "
    "covariates. Errors of two steps carry the estimation of the line. Negative coefficients go "
    "with fewer problems than expected."
)
ASSUMES = (
    "What this assumes: that nothing else which goes with the factor acts on later problems, that "
    "the factor is not itself the mood or the problems of the day on which it was asked, and that "
    "exposure is met, not made, by who has more of the factor. Time order alone shows none of "
    "this. A factor that exposure itself brings about is credited with too much in one step and "
    "with too little in two."
)
SCALE = (
    "SR alone tells no buffer from a main effect: it stands for problems at any exposure. A buffer "
    "is an interaction of factor and exposure on problems, and interactions depend on the scale: "
    "where problems cannot fall below the floor, a mere main effect can look like one."
)
N = Column(name="n", meaning="Persons", unit="persons", kind=Kind.COUNT, heading="Persons",
           nested="counts")  # fmt: skip


ALONE_COLUMNS = (
    FACTOR,
    N,
    Column(name="r", meaning="Correlation with later SR", heading="r with SR"),
    *step_columns("two", "Two steps"),
    *step_columns("one", "One step"),
)
# Apart, so that they are seen beside the factor on a page that is not wide.
ROBUSTNESS_COLUMNS = (
    FACTOR,
    Column(name="ratio", meaning="Two-step divided by one-step coefficient", heading="Ratio"),
    Column(
        name="given_before",
        meaning="Two-step coefficient at equal earlier problems and exposure",
        unit=BY_FACTOR,
        heading="Two steps, at equal earlier problems and exposure",
    ),
    Column(name="given_before_p", meaning="Its p value (t)", heading="p"),
    Column(
        name="given_before_one",
        meaning="One-step coefficient at equal earlier problems and exposure",
        unit=BY_FACTOR,
        heading="One step, at equal earlier problems and exposure",
    ),
    Column(name="given_before_one_p", meaning="Its p value (t)", heading="p"),
)
ADJUSTED_COLUMNS = (
    FACTOR,
    *(
        Column(name=f"{key}_{name}", meaning=f"p, {words}, {adjusted}", heading=f"{words}: {short}")
        for key, words in (("two", "Two steps"), ("one", "One step"))
        for name, adjusted, short in (
            ("p", "as it is", "p"),
            ("false", "adjusted by Benjamini and Hochberg", "false-discovery rate"),
            ("any", "adjusted by Romano and Wolf", "any false claim"),
        )
    ),
    Column(
        name="share",
        meaning="Share of halves of the persons in which it comes in first",
        heading="First in halves",
    ),
)
JOINT_COLUMNS = (
    FACTOR,
    *step_columns("two", "Two steps"),
    *step_columns("one", "One step"),
    Column(name="without_two", meaning="Two-step coefficient without problems in disguise",
           unit=BY_FACTOR, heading="Two steps, without problems in disguise"),
    Column(name="without_one", meaning="One-step coefficient without problems in disguise",
           unit=BY_FACTOR, heading="One step, without problems in disguise"),
)  # fmt: skip
BUFFER_COLUMNS = (
    FACTOR,
    Column(name="b", meaning="Change of the slope of P on E per point of the factor",
           heading="Change of slope"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
    Column(name="p", meaning="p value (t)", heading="p"),
    Column(name="p_adjusted", meaning="Adjusted over the factors (false-discovery rate)",
           heading="p, false-discovery rate"),
    Column(name="slope_below", meaning="Slope of P on E at one SD below the mean of the factor",
           heading="Slope at −1 SD"),
    Column(name="slope_above", meaning="Slope of P on E at one SD above the mean of the factor",
           heading="Slope at +1 SD"),
)  # fmt: skip
BAND_COLUMNS = (
    FACTOR,
    Column(name="r", meaning="Correlation with SR as scored", heading="As scored"),
    Column(name="error_low", meaning="Lowest over plausible reliabilities of exposure",
           heading="Error of exposure, from"),
    Column(name="error_high", meaning="Highest over them", heading="to"),
    Column(name="joint_low", meaning="Lowest over these and over reports that follow mood",
           heading="With mood, from"),
    Column(name="joint_high", meaning="Highest over both", heading="to"),
    Column(name="holds", meaning="Whether it differs from 0 over all of them",
           heading="Holds over all"),
)  # fmt: skip
CORRELATE_COLUMNS = (
    FACTOR,
    N,
    Column(name="r", meaning="Correlation with SR over the same time", heading="r with SR"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)


def factors_section(result: FactorsResult, audience: Audience) -> Section:
    """Both ways of asking, jointly and alone, buffering, and what error could do."""
    factors = result.factors
    paragraphs: list[Text] = [answer_of(result)]
    if factors:
        paragraphs += [WHAT, ASSUMES]
        paragraphs.append(between_scores(result))
        shown = [item for item in factors if item.holds != "neither"]
        strongest = sorted(shown, key=lambda item: -abs(item.two_step.standardised or 0.0))[:3]
        paragraphs += [words for item in strongest if (words := why_the_ratio(result, item))]
        paragraphs += [words for item in factors if (words := confounded_words(item))]
        paragraphs += [words for item in factors if (words := turning_words(item))]
    if result.n_joint is not None:
        paragraphs.append(_joint_words(result))
    if result.selection is not None:
        paragraphs += selection_words(result.factors, result.selection)
    if result.completed is not None:
        paragraphs.append(how_completed(result))
    told = [words for item in factors if (words := buffering_words(item))]
    if told:
        paragraphs += [SCALE, " ".join(told)]
    if result.correlates:
        paragraphs.append(
            "Factors that were not measured before SR stand apart: they are correlates, no "
            "predictors, and may as well follow from problems."
        )
    return Section(
        title="Which factors protect",
        paragraphs=tuple(paragraphs),
        figures=(*_figures(factors), *completed_figures(result)),
        tables=tuple(item for item in _tables(result) if item.frame.height),
    )


def _joint_words(result: FactorsResult) -> Text:
    return say(
        "In the joint model each factor is judged beside all others, over {n:# person|# persons} "
        "who have them all. Factors that measure much the same take the credit from each other.",
        n=Persons(result.n_joint, of=result.n),
    )


def _figures(factors: Sequence[FactorFound]) -> tuple[Figure, ...]:
    if not factors:
        return ()
    told = [item for item in factors if item.buffering is not None and item.buffering.told]
    slopes = [found for item in told if (found := slope_figure(item)) is not None]
    return (forest(factors), *slopes)


def _tables(result: FactorsResult) -> tuple[Table, ...]:
    factors = result.factors
    joint = [item for item in factors if item.joint is not None]
    buffers = [item for item in factors if item.buffering is not None]
    banded = [item for item in factors if item.error_band is not None]
    return (
        table("factors-alone", "Each factor alone", [_alone(x) for x in factors], ALONE_COLUMNS),
        table(
            "factors-robustness", "Each factor alone: what a claim of it rests on",
            [_robustness(x) for x in factors], ROBUSTNESS_COLUMNS,
        ),
        table(
            "factors-adjusted", "p values over all factors", [_adjusted(x) for x in factors],
            ADJUSTED_COLUMNS,
            "False-discovery rate: share of false claims among all (Benjamini and Hochberg). Any "
            "false claim: chance of one or more (Romano and Wolf, persons resampled).",
        ),
        table("factors-joint", "All factors jointly", [_joint(x) for x in joint], JOINT_COLUMNS),
        *completed_tables(result),
        *([] if result.selection is None else [group_table(result.selection)]),
        table(
            "factors-buffering", "Factor by exposure on problems", [_buffer(x) for x in buffers],
            BUFFER_COLUMNS,
        ),
        table(
            "factors-error-bands", "If exposure is reported with error, or by mood",
            [_band(x) for x in banded], BAND_COLUMNS,
            _band_note(banded),
        ),
        table(
            "factors-correlates", "Correlates", [_correlate(x) for x in result.correlates],
            CORRELATE_COLUMNS,
        ),
    )  # fmt: skip


def _band_note(banded: Sequence[FactorFound]) -> str:
    band = banded[0].error_band if banded else None
    return "" if band is None else f"Over {band.assumed}; bands hold the sampling error of persons."


def _steps(found: BothSteps | FactorFound) -> dict[str, object]:
    row: dict[str, object] = {}
    for key, step in (("two", found.two_step), ("one", found.one_step)):
        low, high = step.interval or (None, None)
        row |= {f"{key}_b": step.b, f"{key}_low": low, f"{key}_high": high, f"{key}_p": step.p}
    return row


def _alone(item: FactorFound) -> dict[str, object]:
    return {"factor": item.title, "n": item.n, "r": item.r_SR, **_steps(item)}


def _robustness(item: FactorFound) -> dict[str, object]:
    row: dict[str, object] = {"factor": item.title, "ratio": item.ratio}
    if item.given_earlier_problems is not None:
        two, one = item.given_earlier_problems.two_step, item.given_earlier_problems.one_step
        row |= {"given_before": two.b, "given_before_p": two.p}
        row |= {"given_before_one": one.b, "given_before_one_p": one.p}
    return row


def _adjusted(item: FactorFound) -> dict[str, object]:
    row: dict[str, object] = {"factor": item.title, "share": item.selected_share}
    for key, step in (("two", item.two_step), ("one", item.one_step)):
        row |= {
            f"{key}_p": step.p,
            f"{key}_false": step.p_adjusted,
            f"{key}_any": step.p_familywise,
        }
    return row


def _joint(item: FactorFound) -> dict[str, object]:
    assert item.joint is not None
    without = item.joint_without_disguised
    return {
        "factor": item.title,
        **_steps(item.joint),
        "without_two": without.two_step.b if without else None,
        "without_one": without.one_step.b if without else None,
    }


def _buffer(item: FactorFound) -> dict[str, object]:
    found = item.buffering
    assert found is not None
    below, _, above = found.simple_slopes
    return {
        "factor": item.title, "b": found.b, "low": found.interval[0], "high": found.interval[1],
        "p": found.p, "p_adjusted": found.p_adjusted, "slope_below": below.slope,
        "slope_above": above.slope,
    }  # fmt: skip


def _band(item: FactorFound) -> dict[str, object]:
    band = item.error_band
    assert band is not None
    ends = {name: getattr(band, name) for name in (
        "error_low", "error_high", "joint_low", "joint_high",
    )}  # fmt: skip
    return {"factor": item.title, "r": band.value, **ends, "holds": band.holds_jointly}


def _correlate(item: Correlate) -> dict[str, object]:
    return {"factor": item.name, "n": item.n, "r": item.r, "low": item.low, "high": item.high}
