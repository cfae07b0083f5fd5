"""Factor, mechanism and later SR over completed data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.completed_of_few import few_lack_something
from salutogen.analyses.completing import (
    CONSTANT,
    Columns,
    Wide,
    categories_known,
    complete,
    how_made,
    tell_doubts_of_sets,
)
from salutogen.analyses.covariates import covariate_numbers
from salutogen.analyses.mechanism.completed_records import (
    POOLED_COLUMNS,
    MechanismCompleted,
    PooledIndirect,
)
from salutogen.analyses.mechanism.records import EARLIER, EFFECTS, ONE, TWO
from salutogen.analyses.two_steps_and_one import ratio_of
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models.mediation.pooled import PooledMediation, mediate_sets
from salutogen.namespaces import covariate_of, told_term
from salutogen.page.words import without_counts

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs
    from salutogen.analyses.imputations_key import Imputations
    from salutogen.analyses.mechanism.measured import Measured
    from salutogen.analyses.mechanism.settings import MechanismSettings
    from salutogen.models.imputation.completed import CompletedSets

Float = NDArray[np.float64]
STREAM = 0x3EDC
AGAIN = " again"  # a covariate that stands in the line of SR, too


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """Where numbers stand among the columns of a set."""

    factor: int
    mechanism: int
    outcome: int
    covariates: tuple[int, ...]
    exposure: tuple[int, ...]
    earlier: tuple[int, ...]

    @property
    def measured(self) -> tuple[int, ...]:
        """Factor, mechanism and later problems."""
        return self.factor, self.mechanism, self.outcome


def completed(
    inputs: AnalysisInputs,
    settings: MechanismSettings,
    measured: Measured,
    difference: float,
    found: Findings,
) -> tuple[int, MechanismCompleted] | tuple[None, None]:
    """Complete what persons lack several times, and pool all paths and effects.

    Returns
    -------
    Persons of the sets, and what is pooled; None for both, with a finding, where it cannot be.
    """
    if settings.imputations is None:
        return None, None
    try:
        layout, wide = _lay_out(inputs, settings, measured)
        if not wide.gaps.any():
            found.tell("nothing-to-complete", variant="mechanism")
            return None, None
        if few_lack_something(inputs, wide, found):
            return None, None
        sets = complete(inputs, settings.imputations, wide, stream=STREAM)
        fits = _fitted(inputs, settings, layout, wide, sets, difference)
    except ModelError as error:
        found.tell("completed-sets-not-made", reason=without_counts(error))
        return None, None
    made = _told(inputs, settings.imputations, layout, wide, sets, fits, difference)
    tell_doubts_of_sets(made, sets, found)
    return int(wide.members.sum()), made


def _lay_out(
    inputs: AnalysisInputs, settings: MechanismSettings, measured: Measured
) -> tuple[_Layout, Wide]:
    """Collect what is completed, of everyone with factor, mechanism or later problems.

    Without those whose answers came in another order than planned, and those of whom a category is
    not known, be it the factor: categories are not drawn.
    """
    factor, mechanism, everyone = measured.factor, measured.mechanism, measured.everyone
    own = np.column_stack([factor.values, mechanism.values, everyone.P])
    some = np.isfinite(own).any(axis=1) & ~everyone.out_of_order
    # What covariates say is told of those who have everything.
    given = covariate_numbers(
        inputs, settings.covariates, Findings(), unknown="mechanism-covariate", among=some,
        gaps=True,
    )  # fmt: skip
    members = some & given.persons & categories_known(given.terms, given.values)
    members &= categories_known(everyone.terms, everyone.X)
    for variable in (factor, mechanism):
        if variable.difference:
            members &= np.isfinite(variable.values)
    columns = Columns(members)
    layout = _Layout(
        factor=columns.add(factor.name, factor.values),
        mechanism=columns.add(mechanism.name, mechanism.values),
        outcome=columns.add("later problems", everyone.P),
        covariates=columns.add_each([told_term(term) for term in given.terms], given.values),
        exposure=columns.add_each([f"later {told_term(term)}" for term in everyone.terms],
                                  everyone.X),
        earlier=tuple(
            columns.add(f"{name} at {measured.before}", values)
            for name, values in everyone.earlier.items()
        ),
    )  # fmt: skip
    places = [*layout.measured, *layout.covariates, *layout.exposure, *layout.earlier]
    if CONSTANT in places or len(set(layout.measured)) < len(layout.measured):
        raise ModelError("A column is the same in everybody, or tells the same as another one.")
    last = max(measured.places.values()) - 1
    held = {
        (score, place)
        for score in ("P", "E")
        for place in range(last + 1, len(inputs.study.labels))
    }
    if layout.earlier:  # SR and problems tell exposure
        held.add(("E", factor.place))
    return layout, Wide.of(
        inputs, members, columns.table, columns.names, near=tuple(measured.places.values()),
        without=held,
        related=[
            place
            for place, term in zip(layout.exposure, everyone.terms, strict=True)
            if covariate_of(term) is None
        ],
    )  # fmt: skip


def _fitted(
    inputs: AnalysisInputs,
    settings: MechanismSettings,
    layout: _Layout,
    wide: Wide,
    sets: CompletedSets,
    difference: float,
) -> dict[str, PooledMediation]:
    """Fit two steps, one step, and two steps given earlier values, over all sets."""
    names = wide.names
    factor, mechanism, outcome = (names[place] for place in layout.measured)
    covariates = [names[place] for place in layout.covariates]
    line = [
        f"{names[place]}{AGAIN}" if place in layout.covariates else names[place]
        for place in layout.exposure
    ]
    data = [_columns(sets.array(place), wide, layout) for place in range(sets.n_sets)]

    def fit(steps: Literal[1, 2], exposure: Sequence[str], given: Sequence[str]) -> PooledMediation:
        with inputs.run.cluster() as executor:
            return mediate_sets(
                data, factor=factor, mechanism=mechanism, outcome=outcome, covariates=given,
                exposure=exposure, steps=steps, difference=difference,
                bootstrap=settings.bootstrap,
                seed=inputs.run.seed + STREAM, executor=executor, progress=inputs.run.tell,
            )  # fmt: skip

    fits = {
        TWO: fit(2, line, covariates),
        # What stands among the covariates is in the equation of the outcome already.
        ONE: fit(1, [name for name in line if not name.endswith(AGAIN)], covariates),
    }
    if layout.earlier:
        earlier = [names[place] for place in layout.earlier]
        with suppress(ModelError):  # as with persons who lack nothing
            fits[EARLIER] = fit(2, line, [*covariates, *earlier])
    return fits


def _columns(rows: Float, wide: Wide, layout: _Layout) -> dict[str, Float]:
    """Columns of a completed set (n, p) by name."""
    own = dict(zip(wide.own, rows.T, strict=False))
    again = [wide.names[place] for place in layout.exposure if place in layout.covariates]
    return own | {f"{name}{AGAIN}": own[name] for name in again}


def _told(
    inputs: AnalysisInputs,
    imputations: Imputations,
    layout: _Layout,
    wide: Wide,
    sets: CompletedSets,
    fits: Mapping[str, PooledMediation],
    difference: float,
) -> MechanismCompleted:
    gaps = wide.gaps
    lacking = [int(gaps[:, place].sum()) for place in layout.measured]
    traced = tuple(
        wide.names[place] for place, n in zip(layout.measured, lacking, strict=True) if n
    )
    told = {step: _indirect(fit, difference) for step, fit in fits.items()}
    missing = max(fit.effects[name].fraction_missing for fit in fits.values() for name in EFFECTS)
    return MechanismCompleted(
        **how_made(inputs, imputations, sets, wide, missing=missing, shown=traced, in_sds=True),
        traced=traced,
        n_without_factor=lacking[0],
        n_without_mechanism=lacking[1],
        n_without_later=lacking[2],
        n_without_gaps=int((~gaps.any(axis=1)).sum()),
        two_step=told[TWO],
        one_step=told[ONE],
        ratio=ratio_of(told[TWO].estimate, told[ONE].estimate),
        given_earlier=told.get(EARLIER),
        paths=pl.concat([_paths(fit, step) for step, fit in fits.items()]),
    )


def _indirect(fit: PooledMediation, difference: float) -> PooledIndirect:
    effect = fit.effects["indirect"]
    low, high = effect.percentile
    return PooledIndirect(
        estimate=difference * effect.estimate,
        se=difference * effect.standard_error,
        interval=(difference * low, difference * high),
        missing=effect.fraction_missing,
        direct=difference * fit.effects["direct"].estimate,
        total=difference * fit.effects["total"].estimate,
        joint_p=fit.joint_p(),
        rho_at_zero=fit.rho_at_zero,
        e_value=float(fit.e_value),
        e_value_limit=fit.e_value.limit,
    )


def _paths(fit: PooledMediation, step: str) -> pl.DataFrame:
    numbers = [column.name for column in POOLED_COLUMNS[2:]]
    return pl.DataFrame(
        [
            {
                "step": step, "effect": words, "estimate": effect.estimate,
                "se": effect.standard_error, "df": effect.df, "low": effect.percentile.low,
                "high": effect.percentile.high, "p": effect.p, "missing": effect.fraction_missing,
            }
            for name, words in EFFECTS.items()
            for effect in [fit.effects[name]]
        ],
        schema={"step": pl.String, "effect": pl.String, **dict.fromkeys(numbers, pl.Float64)},
    )  # fmt: skip
