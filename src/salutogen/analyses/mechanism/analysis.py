"""The analysis of a mechanism: factor, mechanism, later SR, in two steps and in one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.mechanism.completed import completed
from salutogen.analyses.mechanism.completed_records import MechanismCompleted
from salutogen.analyses.mechanism.completed_words import told_otherwise
from salutogen.analyses.mechanism.measured import FEWEST, Measured, measure, shared_with_exposure
from salutogen.analyses.mechanism.records import (
    COMPARED,
    CURVE_COLUMNS,
    EARLIER,
    EFFECTS,
    ONE,
    PATH_COLUMNS,
    TWO,
    Indirect,
)
from salutogen.analyses.mechanism.settings import MechanismSettings
from salutogen.analyses.mechanism.words import answer, in_short, methods
from salutogen.analyses.titles import titles_of
from salutogen.analyses.two_steps_and_one import ratio_of
from salutogen.columns import (
    Kind,
    beside,
    figure,
    record,
    rows,
)  # fmt: skip
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings
from salutogen.models.mediation.model import mediate
from salutogen.page.words import without_counts

if TYPE_CHECKING:
    from salutogen.models.mediation.result import Mediation
    from salutogen.models.mediation.sensitivity import Confounding
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

STREAM = 0x3ED
STEPS: tuple[Literal[1, 2], ...] = (2, 1)
RHOS = tuple(float(rho) for rho in np.round(np.arange(-0.9, 0.91, 0.02), 2))


@record
class MechanismResult(AnalysisResult):
    """A factor, a mechanism and later SR; positive = less resilient."""

    n: int = figure(
        "Persons with all that is needed", unit="persons", kind=Kind.COUNT,
        of=("persons", "n_completed"),
    )  # fmt: skip
    n_completed: int | None = figure(
        "Persons of the completed sets: with factor, mechanism or later SR", unit="persons",
        kind=Kind.COUNT, default=None,
    )  # fmt: skip
    kind: Literal["mediation", "half-ordered", "association"] = figure(
        "What the order of the measurements allows to say", kind=Kind.LABEL
    )
    factor: str = figure("Factor", kind=Kind.LABEL)
    factor_title: str = figure("What it is called", kind=Kind.LABEL)
    factor_at: str = figure("Occasion of the factor", kind=Kind.LABEL)
    mechanism: str = figure("Mechanism", kind=Kind.LABEL)
    mechanism_title: str = figure("What it is called", kind=Kind.LABEL)
    mechanism_at: str = figure("Occasion of the mechanism", kind=Kind.LABEL)
    occasions: tuple[str, ...] = figure("Occasions of SR", kind=Kind.LABEL)
    covariates: tuple[str, ...] = figure("Covariates", kind=Kind.LABEL)
    covariates_of_line: tuple[str, ...] = figure(
        "Covariates that the line of SR holds", kind=Kind.LABEL
    )
    difference: float = figure(
        "Difference of the factor for which effects are given: one SD, or its two values",
        unit="points of the factor",
    )
    categories: str = figure("What the difference is, where the factor is one", kind=Kind.LABEL)
    two_step: Indirect = figure("Through the mechanism on SR")
    one_step: Indirect = figure("Through the mechanism on P, with E in the same model")
    ratio: float | None = figure("Two-step divided by one-step indirect effect")
    shared_with_exposure: float | None = figure(
        "Share of the mechanism's variance, given factor and covariates, that goes with exposure: "
        "by a line that also holds these the ratio of the steps is 1 less this"
    )
    mechanism_before: str | None = figure(
        "Occasion of the earlier values of mechanism and SR", kind=Kind.LABEL
    )
    n_earlier: int | None = figure(
        "Persons who also have mechanism and SR of the occasion of the factor",
        unit="persons",
        kind=Kind.COUNT,
        of=("n", "n_completed"),
    )
    given_earlier: Indirect | None = figure(
        "Through the mechanism on SR, given mechanism and SR at the occasion of the factor"
    )
    paths: pl.DataFrame = rows("Every path and effect, per unit", PATH_COLUMNS)
    curve: pl.DataFrame = rows("Indirect effect on SR under correlated errors", CURVE_COLUMNS)
    completed: MechanismCompleted | None = figure(
        "The same pooled over completed sets; null where none were asked for or could be made",
        default=None,
    )

    measured: Measured | None = beside(default=None)

    def path(self, name: str) -> float:
        """Return a path or effect of two steps, per unit."""
        found = self.paths.filter(step=TWO, effect=EFFECTS[name])["estimate"].item()
        return float(found)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Paths, the reversed order and sensitivity to what was not measured."""
        from salutogen.analyses.mechanism.section import mechanism_section

        return (mechanism_section(self),)

    @property
    def per(self) -> str:
        """Words for the difference of the factor."""
        return self.categories or "one SD"

    def files(self) -> Mapping[str, ResultFile]:
        """What was completed, with its gaps: to be completed elsewhere."""
        if self.completed is None:
            return {}
        return {"mechanism_to_complete.csv": self.completed.file_to_complete()}

    def answer(self) -> Text:
        """Say what is shown, in the words that the order of the measurements allows."""
        return answer(self)

    def in_short(self) -> Text:
        """Say in a clause whether a way over the mechanism is told."""
        return in_short(self)

    def methods(self) -> Text:
        """Say what was fitted."""
        return methods(self)


def compute(inputs: AnalysisInputs, settings: MechanismSettings) -> MechanismResult:
    """Fit the paths in two steps and in one, and say what time order and confounding allow."""
    found = Findings()
    measured = measure(inputs, settings, found)
    titles = titles_of(inputs, (settings.factor, settings.mechanism), scores=False)
    places = _told_order(measured, titles, found)
    fits: list[Mediation] = []
    for steps in STEPS:
        inputs.run.tell(len(fits), len(STEPS))
        fits.append(_fitted(inputs, settings, measured, places, steps=steps, found=found))
    two, one = fits
    factor = measured.data[two.factor]
    two_values = np.unique(factor).size == 2
    difference = float(np.ptp(factor)) if two_values else float(np.std(factor, ddof=1))
    results = {"two": _indirect(two, difference), "one": _indirect(one, difference)}
    told, shares = two.sensitivity["indirect"], shared_with_exposure(measured)
    earlier = _given_earlier(inputs, settings, measured, places)
    given = None if earlier is None else _indirect(earlier, difference)
    _tell(results["two"], results["one"], given, titles[settings.mechanism], found)
    n_completed, pooled = completed(inputs, settings, measured, difference, found)
    made = MechanismResult(
        n=two.n_persons,
        kind=two.kind,
        factor=settings.factor,
        factor_title=titles[settings.factor],
        factor_at=measured.factor.at,
        mechanism=settings.mechanism,
        mechanism_title=titles[settings.mechanism],
        mechanism_at=measured.mechanism.at,
        occasions=measured.occasions,
        covariates=measured.asked,
        covariates_of_line=measured.of_line,
        difference=difference,
        categories=measured.factor.difference,
        two_step=results["two"],
        one_step=results["one"],
        ratio=ratio_of(results["two"].estimate, results["one"].estimate),
        shared_with_exposure=shares["indirect"],
        mechanism_before=None if earlier is None else measured.before,
        n_earlier=None if earlier is None else earlier.n_persons,
        given_earlier=given,
        paths=pl.concat(
            [
                _paths(two, TWO),
                _beside(_paths(one, ONE), two, shares),
                *([] if earlier is None else [_paths(earlier, EARLIER)]),
            ]
        ),
        curve=_curve(told, difference),
        n_completed=n_completed,
        completed=pooled,
        measured=measured,
    )
    if told_otherwise(made):
        found.tell("mechanism-told-by-some", name=titles[settings.mechanism])
    return replace(made, findings=tuple(found))


def _tell(two: Indirect, one: Indirect, given: Indirect | None, name: str, found: Findings) -> None:
    """Say what stands one way only, or not beyond what was there before."""
    if two.told != one.told:
        opposite = two.told * one.told < 0
        variant = "opposite" if opposite else "two" if two.told else "one"
        found.tell("mechanism-holds-one-way", variant=variant, name=name)
    if given is not None and two.told and given.told != two.told:
        found.tell("mechanism-not-beyond-earlier", name=name)


def _told_order(
    measured: Measured, titles: Mapping[str, str], found: Findings
) -> Mapping[str, int] | None:
    """Places in time for the model; None where something came before its cause."""
    first, second, third = measured.places.values()
    values = {
        "factor": titles[measured.factor.name],
        "mechanism": titles[measured.mechanism.name],
        "factor_at": measured.factor.at,
        "mechanism_at": measured.mechanism.at,
        "SR_at": measured.occasions[0],
    }
    if first < second < third:
        return measured.places
    reversed_ = not first <= second <= third
    found.tell(
        "mechanism-order-not-shown", variant="reversed" if reversed_ else "together", **values
    )
    return None if reversed_ else measured.places


def _fitted(
    inputs: AnalysisInputs,
    settings: MechanismSettings,
    measured: Measured,
    places: Mapping[str, int] | None,
    *,
    steps: Literal[1, 2],
    found: Findings,
) -> Mediation:
    # What stands among the covariates is in the equation of the outcome already.
    exposure = measured.exposure
    if steps == 1:
        exposure = tuple(key for key in exposure if key not in measured.repeated_terms)
    try:
        return _mediated(
            inputs,
            settings,
            measured.places,
            data=measured.data,
            covariates=measured.covariates,
            exposure=exposure,
            steps=steps,
            measured=places,
        )
    except ModelError as error:
        found.tell("mechanism-not-fitted", reason=without_counts(error))
        raise AnalysisError(tuple(found)) from error


def _mediated(
    inputs: AnalysisInputs, settings: MechanismSettings, keys: Iterable[str], **given: Any
) -> Mediation:
    factor, mechanism, outcome = keys
    with inputs.run.cluster() as executor:
        return mediate(
            factor=factor,
            mechanism=mechanism,
            outcome=outcome,
            bootstrap=settings.bootstrap,
            seed=inputs.run.seed + STREAM,
            executor=executor,
            **given,
        )


def _given_earlier(
    inputs: AnalysisInputs,
    settings: MechanismSettings,
    measured: Measured,
    places: Mapping[str, int] | None,
) -> Mediation | None:
    """Two steps with mechanism and SR of the factor's occasion among the covariates, if possible.

    What lasts in a person, and made mechanism and SR what they are, was there before, too.
    """
    if not measured.earlier:
        return None
    known = np.isfinite(np.column_stack(list(measured.earlier.values()))).all(axis=1)
    if int(known.sum()) < FEWEST:
        return None
    data = {name: values[known] for name, values in (measured.data | measured.earlier).items()}
    try:
        return _mediated(
            inputs,
            settings,
            measured.places,
            data=data,
            covariates=(*measured.covariates, *measured.earlier),
            exposure=measured.exposure,
            steps=2,
            measured=places,
        )
    except ModelError:
        return None


def _indirect(fit: Mediation, difference: float) -> Indirect:
    effect = fit.effect("indirect")
    return Indirect(
        estimate=difference * effect.estimate,
        se=_finite(difference * effect.standard_error),
        interval=[_finite(difference * limit) for limit in effect.percentile],
        interval_bca=[_finite(difference * limit) for limit in effect.bca],
        direct=difference * fit.direct,
        total=difference * fit.total,
        joint_p=_finite(fit.joint_p()),
        rho_at_zero=fit.rho_at_zero,
        rho_untold=fit.sensitivity["indirect"].rho_untold,
        e_value=float(fit.e_value),
        e_value_limit=fit.e_value.limit,
    )


def _curve(told: Confounding, difference: float) -> pl.DataFrame:
    """Indirect effect and its interval by the correlation of errors."""
    limits = np.array([told.interval(rho) for rho in RHOS])
    return pl.DataFrame(
        {
            "rho": RHOS,
            "indirect": [difference * told.indirect(rho) for rho in RHOS],
            "low": difference * limits[:, 0],
            "high": difference * limits[:, 1],
        }
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _paths(fit: Mediation, step: str) -> pl.DataFrame:
    table: list[dict[str, Any]] = []
    for name, words in EFFECTS.items():
        effect = fit.effect(name)
        table.append(
            {
                "step": step,
                "effect": words,
                "estimate": effect.estimate,
                "se": _finite(effect.standard_error),
                "low": _finite(effect.percentile.low),
                "high": _finite(effect.percentile.high),
                "bca_low": _finite(effect.bca.low),
                "bca_high": _finite(effect.bca.high),
                "p": None if effect.p is None else _finite(effect.p),
            }
        )
    numbers = [column.name for column in PATH_COLUMNS[2:]]
    return pl.DataFrame(
        table, schema={"step": pl.String, "effect": pl.String, **dict.fromkeys(numbers, pl.Float64)}
    )


def _beside(
    paths: pl.DataFrame, two: Mediation, shares: Mapping[str, float | None]
) -> pl.DataFrame:
    """Rows of one step with their ratios to two steps, where exposure comes in."""
    ratios = {
        EFFECTS[name]: ratio_of(two.effect(name).estimate, estimate)
        for name, estimate in zip(EFFECTS, paths["estimate"], strict=True)
        if name in COMPARED
    }
    named = {EFFECTS[name]: share for name, share in shares.items()}
    return paths.with_columns(
        pl.col("effect").replace_strict(found, default=None, return_dtype=pl.Float64).alias(name)
        for name, found in (("ratio", ratios), ("shared", named))
    )
