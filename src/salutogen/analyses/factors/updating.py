"""Which factors are worth measuring again: what a second measurement foretells beyond the first.

Later SR is foretold from SR before and the first measurement, and from these and the second
measurement, in persons who had no part in the fit. What the second one adds may be the mood of
the day on which it was taken: the same is shown with problems and exposure of that day in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.later import Later, means_of
from salutogen.analyses.factors.measured import Factor
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.factors.steps import LEVEL
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.columns import Kind, Record, figure, record
from salutogen.errors import ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import pearson
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.regression.held_out import FOLDS, REPEATS, HeldOut, held_out
from salutogen.namespaces import factor_column
from salutogen.page.words import without_counts
from salutogen.scores.of_few import few_differ

Float = NDArray[np.float64]
FEWEST = 60  # in parts of fewer persons R² is chance
SHARE = "share of the variance of later SR"


@record
class Gain(Record):
    """What the second measurement adds to what is foretold."""

    without: float = figure("R² without it, in persons who had no part in the fit")
    within: float = figure("R² with it")
    gain: float = figure("Difference", unit="share of the outcome's variance")
    interval: tuple[float, float] = figure("Its 95 % interval over persons")
    p: float | None = figure("p of no gain (Wald F, errors for unequal scatter)")
    splits: tuple[float, float] = figure("Lowest and highest over the random splits of persons")

    @classmethod
    def of(cls, found: HeldOut, without: str, within: str) -> Gain:
        """Compare two lines."""
        made = found.gain(without, within)
        return cls(
            without=made.without, within=made.within, gain=made.gain, interval=made.interval,
            p=made.p, splits=made.splits,
        )  # fmt: skip

    @property
    def clear(self) -> bool:
        """Whether the interval lies above 0."""
        return self.interval[0] > 0


@record
class MeasuredAgain(Record):
    """One factor, measured twice."""

    name: str = figure("Factor", kind=Kind.LABEL)
    title: str = figure("What it is called", kind=Kind.LABEL)
    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    stability: float | None = figure("Correlation of the two measurements")
    two_step: Gain = figure("Later SR, beyond SR before and the first measurement")
    given_mood: Gain = figure(
        "The same at equal problems and exposure on the day of the second measurement"
    )
    one_step: Gain = figure(
        "Later P, beyond exposure then, P and exposure before, and the first measurement"
    )
    p_adjusted: float | None = figure(
        "p of no gain in two steps, adjusted over the factors (false-discovery rate)", default=None
    )

    @property
    def told(self) -> bool:
        """Whether measuring again adds something, both ways of asking and over all factors."""
        adjusted = self.p_adjusted is not None and self.p_adjusted < LEVEL
        return adjusted and self.two_step.clear and self.one_step.clear

    @property
    def may_be_mood(self) -> bool:
        """Whether nothing of the gain is shown at equal problems and exposure that day."""
        return not self.given_mood.clear


@record
class Updating(Record):
    """What is gained by measuring factors again."""

    before: tuple[str, ...] = figure("Occasions of SR before", kind=Kind.LABEL)
    again: str = figure("Occasion of the second measurement", kind=Kind.LABEL)
    after: tuple[str, ...] = figure("Occasions of later SR", kind=Kind.LABEL)
    folds: int = figure("Parts of the persons; each is foretold from the others")
    repeats: int = figure("Random splits into these parts")
    factors: tuple[MeasuredAgain, ...] = figure("Factors, the largest gain first")


@dataclass(frozen=True, kw_only=True, eq=False)
class _Twice:
    """What comes before and after a second measurement."""

    first: int
    again: int
    before: Later
    after: Later


def updating(
    inputs: AnalysisInputs,
    settings: FactorsSettings,
    factors: Sequence[Factor],
    later: Later,
    clock: AnswerTimes,
    found: Findings,
) -> Updating | None:
    """Compare repeated factors by what a second measurement adds; None where none was repeated."""
    labels = inputs.study.labels
    last = len(labels) - 1 if settings.last is None else labels.index(settings.last)
    repeated = [item for item in factors if item.name in inputs.scores.factors_repeated]
    again = _again(inputs, settings, repeated, last, found)
    if again is None:
        return None
    spans: dict[tuple[int, str], _Twice] = {}
    made: list[MeasuredAgain] = []
    for factor in repeated:
        key = (factor.place, factor.name if clock.has_own(factor.name) else "")
        if key not in spans:
            spans[key] = _spans(inputs, factor, again, last, later, clock, found)
        one = _measured_again(inputs, factor, spans[key], found)
        if one is not None:
            made.append(one)
    if not made:
        return None
    p = adjusted_p([np.nan if (own := item.two_step.p) is None else own for item in made])
    ranked = [
        replace(item, p_adjusted=float(own) if np.isfinite(own) else None)
        for item, own in zip(made, p, strict=True)
    ]
    first = min(place for place, _ in spans)
    return Updating(
        before=labels[first + 1 : again],
        again=labels[again],
        after=labels[again + 1 : last + 1],
        folds=FOLDS,
        repeats=REPEATS,
        factors=tuple(sorted(ranked, key=lambda item: -item.two_step.gain)),
    )


def _again(
    inputs: AnalysisInputs,
    settings: FactorsSettings,
    repeated: Sequence[Factor],
    last: int,
    found: Findings,
) -> int | None:
    """Place of the second measurement: as asked, or where most were answered near the middle."""
    labels = inputs.study.labels
    asked = settings.again
    refuse_unplanned(inputs, [asked], found, unknown="factor-occasion-unknown")
    if not repeated:
        if asked is not None:
            found.tell("nothing-measured-again", label=asked)
        return None
    first = max(item.place for item in repeated)
    if asked is not None:
        place = labels.index(asked)
        if first + 1 < place < last:
            return place
        found.tell("nothing-measured-again", variant="order", label=asked, first=labels[first])
        return None
    answered = {
        place: sum(_known(inputs, item, place) >= FEWEST for item in repeated)
        for place in range(first + 2, last)
    }
    most = max(answered.values(), default=0)
    if most == 0:
        return None
    middle = (first + last) / 2
    return min(
        (place for place, count in answered.items() if count == most),
        key=lambda place: (abs(place - middle), place),
    )


def _known(inputs: AnalysisInputs, factor: Factor, place: int) -> int:
    """Persons who answered a factor at its first occasion and at another one."""
    values = inputs.views.wide(factor_column(factor.name)).values[:, place]
    return int((np.isfinite(values) & np.isfinite(factor.values)).sum())


def _spans(
    inputs: AnalysisInputs,
    factor: Factor,
    again: int,
    last: int,
    later: Later,
    clock: AnswerTimes,
    found: Findings,
) -> _Twice:
    """Means of what lies between two measurements and after the second, by the clock, too."""
    first = factor.place
    table = inputs.scores.table.with_columns(inputs.resilience.occasions["SR"])
    place = pl.col("occasion_index").cast(pl.Int64)
    kept = table.select(
        (pl.col("valid") & pl.col("SR").is_not_null() & place.is_between(first + 1, last))
        .fill_null(value=False)
    ).to_series()  # fmt: skip
    table = table.filter(kept)
    person = table["person"].to_numpy().astype(np.int64)
    where = table["occasion_index"].to_numpy().astype(np.int64)
    own, start = clock.forms.at(kept.to_numpy()), factor.measured.at(person)
    second = clock.at(factor.name, again).at(person)
    between = (where < again) & ~own.not_after(start) & ~second.not_after(own)
    after = (where > again) & ~own.not_after(second)
    odd = (where != again) & ~between & ~after
    if odd.any():
        found.tell("second-measurement-out-of-order", persons=Persons(np.unique(person[odd]).size))
    table = inputs.norm.with_covariates(table)
    labels = inputs.study.labels
    return _Twice(
        first=first,
        again=again,
        before=means_of(
            inputs, table.filter(pl.Series(between)), labels[first + 1 : again], later.asked
        ),
        after=means_of(
            inputs, table.filter(pl.Series(after)), labels[again + 1 : last + 1], later.asked
        ),
    )


def _measured_again(
    inputs: AnalysisInputs, factor: Factor, spans: _Twice, found: Findings
) -> MeasuredAgain | None:
    """Foretell what comes after from what comes before, with the second measurement and without."""
    second = inputs.views.wide(factor_column(factor.name)).values[:, spans.again]
    # At equal problems alone, who met less has the higher level: exposure stands beside them.
    scores = ("P", *inputs.norm.lines.person.predictors)
    mood = np.column_stack([inputs.views.wide(name).values[:, spans.again] for name in scores])
    designs = _designs(factor.values, second, mood, spans.before, spans.after)
    known = np.isfinite(np.column_stack([*designs.values(), spans.after.SR])).all(axis=1)
    n = int(known.sum())
    if n < FEWEST:
        found.tell("second-measurement-of-few", name=factor.name, n=Persons(n), least=FEWEST)
        return None
    own = {name: X[known] for name, X in designs.items()}
    if float(np.ptp(second[known])) == 0 or few_differ(second[known]):
        found.tell("second-measurement-of-few", variant="same", name=factor.name)
        return None
    seed = inputs.run.seed
    two = {name: X for name, X in own.items() if not name.startswith("one")}
    one = {name: X for name, X in own.items() if name.startswith("one")}
    try:
        SR = held_out(spans.after.SR[known], two, seed=seed)
        P = held_out(spans.after.P[known], one, seed=seed)
    except ModelError as error:
        found.tell(
            "second-measurement-of-few",
            variant="fit",
            name=factor.name,
            reason=without_counts(error),
        )
        return None
    return MeasuredAgain(
        name=factor.name,
        title=factor.title,
        n=n,
        stability=pearson(factor.values[known], second[known]),
        two_step=Gain.of(SR, "first", "second"),
        given_mood=Gain.of(SR, "first, mood", "second, mood"),
        one_step=Gain.of(P, "one: first", "one: second"),
    )


def _designs(
    first: Float, second: Float, mood: Float, before: Later, after: Later
) -> Mapping[str, Float]:
    """Terms of each line, the constant left out."""
    given = np.column_stack([after.terms[:, ~after.exposure][:, 1:], after.covariates])
    start = np.column_stack([given, before.SR, first])
    exposed = np.column_stack(
        [given, after.terms[:, after.exposure], before.P, before.terms[:, before.exposure], first]
    )
    return {
        "first": start,
        "second": np.column_stack([start, second]),
        "first, mood": np.column_stack([start, mood]),
        "second, mood": np.column_stack([start, mood, second]),
        "one: first": exposed,
        "one: second": np.column_stack([exposed, second]),
    }
