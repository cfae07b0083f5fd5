"""The analysis of incremental validity: P, E and SR, alone and together, against an outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.covariates import covariate_numbers
from salutogen.analyses.factors.later import Later, means_of
from salutogen.analyses.incremental_validity.outcome import read_outcome, rows_before
from salutogen.analyses.incremental_validity.settings import IncrementalValiditySettings
from salutogen.analyses.incremental_validity.words import answer_of, methods_of
from salutogen.columns import Kind, Record, figure, record
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import pearson
from salutogen.models.regression.held_out import FOLDS, REPEATS, HeldOut, held_out
from salutogen.page.words import without_counts
from salutogen.scores.of_few import tell_few

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

Float = NDArray[np.float64]
FEWEST = 60  # in parts of fewer persons R² is chance
EXACT = 1e-9  # share of SR that P and E leave, below which it can be computed from them
NOTHING, P, E, SR = "nothing", "P", "E", "SR"
P_E, P_E_SR = "P and E", "P, E and SR"
CURVE, CURVE_SR = "P and E with its curve", "P, E with its curve, and SR"
HELD_OUT = "R² in persons who had no part in the fit"


@record
class Foretold(Record):
    """What some scores foretell of the outcome, beside covariates."""

    scores: str = figure("Scores", kind=Kind.LABEL)
    r_squared: float = figure(f"{HELD_OUT}; below 0 where the mean foretells better")
    beyond: float = figure(f"{HELD_OUT}, beyond covariates")
    interval: tuple[float, float] = figure("95 % interval of that, over persons")


@record
class Added(Record):
    """What SR adds to what other scores foretell."""

    to: str = figure("The other scores", kind=Kind.LABEL)
    gain: float = figure("Gain in held-out R²")
    interval: tuple[float, float] = figure("Its 95 % interval over persons")
    p: float | None = figure("p of no gain (Wald F, errors for unequal scatter)")
    splits: tuple[float, float] = figure("Lowest and highest over the random splits of persons")

    @property
    def told(self) -> bool:
        """Whether the interval lies above 0."""
        return self.interval[0] > 0


@record
class IncrementalValidityResult(AnalysisResult):
    """What problems, exposure and SR foretell of an outcome."""

    outcome: str = figure("Outcome", kind=Kind.LABEL)
    title: str = figure("What it is called", kind=Kind.LABEL)
    at: str | None = figure(
        "Occasion of the outcome; null where it is not known when it was measured", kind=Kind.LABEL
    )
    occasions: tuple[str, ...] = figure("Occasions of P, E and SR", kind=Kind.LABEL)
    covariates: tuple[str, ...] = figure("Covariates", kind=Kind.LABEL)
    line_covariates: tuple[str, ...] = figure(
        "Covariates of the line of persons, which stand beside", kind=Kind.LABEL
    )
    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    r_SR_P: float | None = figure("Correlation of SR with P over persons")
    r_SR_E: float | None = figure("Correlation of SR with E over persons")
    computed_share: float = figure(
        "Share of SR over persons that is a linear combination of P, E and covariates"
    )
    exact: bool = figure("Whether SR can be computed from P, E and covariates exactly")
    folds: int = figure("Parts of the persons; each is foretold from the others")
    repeats: int = figure("Random splits into these parts")
    foretold: tuple[Foretold, ...] = figure("Each alone, and together")
    added: Added = figure("SR beside P and E")
    added_to_curve: Added | None = figure(
        "SR beside P and E in the shape of the study's line; null with a straight line"
    )

    @property
    def given(self) -> tuple[str, ...]:
        """All that stands beside the scores: covariates of the line and of the step."""
        return tuple(dict.fromkeys((*self.line_covariates, *self.covariates)))

    def sections(self, audience: Audience) -> Sequence[Section]:
        """What each foretells, and what SR adds."""
        from salutogen.analyses.incremental_validity.section import validity_section

        return (validity_section(self),)

    def answer(self) -> Text:
        """Say what SR adds."""
        return answer_of(self)

    def methods(self) -> Text:
        """Say how it was foretold."""
        return methods_of(self)


def compute(
    inputs: AnalysisInputs, settings: IncrementalValiditySettings
) -> IncrementalValidityResult:
    """Foretell an outcome from P, E and SR before it, in persons who had no part in the fit."""
    found = Findings()
    outcome = read_outcome(inputs, settings, found)
    in_line = inputs.norm.lines.person.covariates
    names = [name for name in settings.covariates if name not in in_line]
    rows, labels = rows_before(inputs, settings, outcome, found)
    seen = np.isin(np.arange(outcome.values.size), rows["person"].to_numpy())
    covariates = covariate_numbers(
        inputs, names, found, unknown="incremental-validity-covariate-unknown",
        among=seen & np.isfinite(outcome.values), beside=in_line,
    )  # fmt: skip
    before = means_of(inputs, inputs.norm.with_covariates(rows), labels, covariates)
    given, linear, curved = _terms(inputs, before)
    y = outcome.values
    known = np.isfinite(np.column_stack([y, before.SR, before.P, given, linear, curved]))
    rows_known = known.all(axis=1)
    n = int(rows_known.sum())
    if n < FEWEST:
        found.tell("too-few-with-outcome", name=outcome.name, n=Persons(n), least=FEWEST)
        raise AnalysisError(tuple(found))
    if tell_few(outcome.name, y[rows_known], found):
        raise AnalysisError(tuple(found))
    designs = _designs(*(part[rows_known] for part in (before.SR, before.P, given, linear, curved)))
    try:
        made = held_out(y[rows_known], designs, seed=inputs.run.seed)
    except ModelError as error:
        found.tell("outcome-not-foretold", name=outcome.name, reason=without_counts(error))
        raise AnalysisError(tuple(found)) from error
    own_P, own_E, own_SR = (part[rows_known] for part in (before.P, before.E, before.SR))
    share = _computed(own_SR, designs[P_E])
    exact = share >= 1 - EXACT
    added = _added(made, P_E, P_E_SR)
    if exact:
        found.tell("sr-adds-nothing-by-arithmetic")
    elif added.told:
        found.tell("sr-adds-by-its-shape", share=share)
    return IncrementalValidityResult(
        outcome=outcome.name,
        title=outcome.title,
        at=outcome.at,
        occasions=labels,
        covariates=covariates.of(settings.covariates),
        line_covariates=tuple(in_line),
        n=n,
        r_SR_P=pearson(own_SR, own_P),
        r_SR_E=pearson(own_SR, own_E),
        computed_share=share,
        exact=exact,
        folds=FOLDS,
        repeats=REPEATS,
        foretold=tuple(_foretold(made, name) for name in designs if name != NOTHING),
        added=added,
        added_to_curve=_added(made, CURVE, CURVE_SR) if CURVE in designs else None,
        findings=tuple(found),
    )


def _terms(inputs: AnalysisInputs, before: Later) -> tuple[Float, Float, Float]:
    """Covariates, exposure as it is, and the terms of its curve (persons, …), from a line."""
    line = inputs.norm.lines.person
    straight = np.array([term in line.predictors for term in line.terms])
    given = np.column_stack([before.terms[:, ~before.exposure][:, 1:], before.covariates])
    curve = before.exposure & ~straight
    return given, before.terms[:, straight], before.terms[:, curve]


def _designs(
    scores: Float, problems: Float, given: Float, linear: Float, curved: Float
) -> Mapping[str, Float]:
    """Terms of each line, the constant left out."""
    both = np.column_stack([given, problems, linear])
    found = {
        NOTHING: given,
        P: np.column_stack([given, problems]),
        E: np.column_stack([given, linear]),
        SR: np.column_stack([given, scores]),
        P_E: both,
        P_E_SR: np.column_stack([both, scores]),
    }
    if curved.shape[1]:
        found[CURVE] = np.column_stack([both, curved])
        found[CURVE_SR] = np.column_stack([both, curved, scores])
    return found


def _computed(scores: Float, columns: Float) -> float:
    """Share of SR that is a linear combination of other columns."""
    X = np.column_stack([np.ones(scores.size), columns - columns.mean(axis=0)])
    spread = X.std(axis=0)
    X = X / np.where(spread > 0, spread, 1.0)
    centred = scores - scores.mean()
    rest = centred - X @ np.linalg.lstsq(X, centred, rcond=None)[0]
    whole = float(np.sum(centred**2))
    return float(np.clip(1.0 - np.sum(rest**2) / whole, 0.0, 1.0)) if whole > 0 else 1.0


def _foretold(made: HeldOut, name: str) -> Foretold:
    beyond = made.gain(NOTHING, name)
    return Foretold(
        scores=name,
        r_squared=made.r_squared(name),
        beyond=beyond.gain,
        interval=beyond.interval,
    )


def _added(made: HeldOut, without: str, within: str) -> Added:
    gain = made.gain(without, within)
    return Added(to=without, gain=gain.gain, interval=gain.interval, p=gain.p, splits=gain.splits)
