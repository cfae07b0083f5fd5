"""Indirect effects: how much of what a factor does goes through a mechanism."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.mediation.one_level import OneLevel, Steps, Together
from salutogen.models.mediation.order import kind_of_order, late_covariates
from salutogen.models.mediation.result import Effect, Limits, Mediation
from salutogen.models.mediation.rows import Columns, read_rows
from salutogen.models.mediation.samples import Model, Samples, is_path
from salutogen.models.mediation.sensitivity import Confounding
from salutogen.models.mediation.two_levels import TwoLevels
from salutogen.models.pooling.e_value import EValue, e_value_of_difference
from salutogen.models.resampling.bca import bca_intervals, percentile_intervals

Float = NDArray[np.float64]

FEW_DRAWS = 1000
MANY_MECHANISMS = 4  # in series there are 2^n - 1 ways
MANY_OCCASIONS = 20  # above which what chance leaves in persons' means is small


def mediate(
    *,
    factor: str,
    mechanism: str | Sequence[str],
    outcome: str,
    data: Any,
    covariates: Sequence[str] = (),
    exposure: Sequence[str] = (),
    steps: Steps = 1,
    measured: Mapping[str, Any] | None = None,
    together: Together = "parallel",
    moderator: str | None = None,
    person: str | None = None,
    bootstrap: int = 5000,
    seed: int = 1,
    executor: Executor | None = None,
) -> Mediation:
    """Estimate how much of a factor's effect on an outcome goes through a mechanism.

    Two least-squares equations: mechanism on factor and covariates (path a), outcome on factor,
    mechanism and covariates (paths direct and b). The indirect effect is a times b. Its intervals
    are those of a bootstrap over persons.

    Parameters
    ----------
    factor, outcome : str
        Columns of numbers.
    mechanism : str or sequence of str
        One column, or several.
    data : data frame or mapping of arrays
        One row per person; with `person`, one per person and occasion. Rows that lack something
        are left out.
    covariates : sequence of str
        Columns of numbers that enter all equations: measured before the mechanism, and no
        consequences of the factor.
    exposure : sequence of str
        Terms of a line that says which outcome is expected, such as stressors between mechanism and
        outcome. They say nothing of the mechanism, which came before.
    steps : {1, 2}
        One step: exposure stands among the predictors of the outcome, and the total effect is the
        sum of direct and indirect. Two steps: the outcome is what exposure leaves of it (residual
        score); limits and errors count in that the line is fitted to the same persons.
    measured : mapping from column to its time, optional
        When factor, mechanisms and outcome were measured, as numbers or dates. Without it, or with
        all at the same time, the result's `kind` is `association`.
    together : {"parallel", "serial"}
        Several mechanisms beside each other, or each one acting on those after it.
    moderator : str, optional
        A column that may change the paths from the factor to mechanism and outcome and from the
        mechanism to the outcome; effects are given at its mean, and at its two values or one SD
        below and above the mean.
    person : str, optional
        Column that tells persons apart in repeated measurements. Every variable is split into the
        person's mean and the deviation from it; paths are given within and between persons
        (Zhang, Zyphur & Preacher 2009). A factor that never changes within a person (2-1-1) has an
        indirect effect between persons only. What should precede something has to be shifted in
        the data: the mechanism of the occasion before, say.
    bootstrap : int
        Samples of persons.
    seed : int
    executor : concurrent.futures.Executor, optional
        Where the samples are drawn (see `executor_for`); by default in threads of this process.
        The result is the same.

    Returns
    -------
    Mediation

    Raises
    ------
    ModelError
        Columns that are absent, named twice, no numbers, constant or collinear; fewer persons than
        coefficients; a cause that was measured after its effect; moderators or several mechanisms
        where they are not provided for.

    Notes
    -----
    That a times b is an effect takes for granted that nothing unmeasured acts on two of factor,
    mechanism and outcome, that the lines are straight, and that factor and mechanism do not
    reinforce each other (give the factor's own product a thought by `moderator`). `sensitivity`
    and `e_value` say how strong an unmeasured confounder of mechanism and outcome would have to be.
    Within persons, what is constant about a person cannot confound (Talloen et al. 2016); if both
    paths differ between persons and go together, the mean indirect effect is a times b plus their
    covariance (Kenny, Korchmaros & Bolger 2003), which is not estimated.

    Percentile limits keep 5 % errors best; bias-corrected and accelerated ones are narrower on one
    side and too often exclude 0 in small samples (Fritz, Taylor & MacKinnon 2012).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=300)
    >>> m = 0.5 * x + rng.normal(size=300)
    >>> y = 0.4 * m + 0.1 * x + rng.normal(size=300)
    >>> found = mediate(
    ...     factor="x", mechanism="m", outcome="y", data={"x": x, "m": m, "y": y},
    ...     measured={"x": 1, "m": 2, "y": 3},
    ... )
    >>> found.kind, round(found.a * found.b - found.indirect, 12)
    ('mediation', 0.0)
    """
    columns = Columns(
        factor=factor,
        mechanisms=(mechanism,) if isinstance(mechanism, str) else tuple(mechanism),
        outcome=outcome,
        covariates=(covariates,) if isinstance(covariates, str) else tuple(covariates),
        exposure=(exposure,) if isinstance(exposure, str) else tuple(exposure),
        moderator=moderator,
        person=person,
    )
    _refuse_settings(columns, together, steps, bootstrap, seed)
    kind, said = kind_of_order(measured, factor, columns.mechanisms, outcome)
    said += late_covariates(measured, factor, columns.covariates)
    rows = read_rows(data, columns)
    repeated = rows.n_persons < rows.person.size
    if repeated:
        _refuse_repeated_measurements(columns)
    model = (
        TwoLevels.of(columns, rows)
        if repeated
        else OneLevel(columns=columns, rows=rows, together=together, steps=steps)
    )
    samples = Samples.of(model, bootstrap, seed, executor)
    effects, draws, whole = _effects(model, samples), len(samples.drawn), samples.whole
    messages = (*said, *_messages(model, bootstrap, draws, effects))
    return Mediation(
        factor=factor,
        mechanisms=columns.mechanisms,
        outcome=outcome,
        covariates=columns.covariates,
        moderator=moderator,
        kind=kind,
        design=model.design if isinstance(model, TwoLevels) else "1",
        effects=effects,
        sensitivity=_sensitivity(model, samples),
        e_values=_e_values(model, effects, whole),
        log_likelihood=model.log_likelihood(whole) if isinstance(model, OneLevel) else None,
        n_persons=rows.n_persons,
        n_rows=rows.person.size,
        n_dropped=rows.n_dropped,
        draws=draws,
        converged=True,
        messages=messages,
    )


def _refuse_settings(
    columns: Columns, together: str, steps: int, bootstrap: int, seed: int
) -> None:
    refuse_not_whole(2, bootstrap=bootstrap)
    refuse_not_whole(0, seed=seed)
    if together not in get_args(Together):
        known = ", ".join(get_args(Together))
        raise ModelError(f"together: expected one of {known}, got {together!r}.")
    if steps not in get_args(Steps):
        raise ModelError(f"steps: expected 1 or 2, got {steps!r}.")
    if steps == 2 and (columns.moderator is not None or not columns.exposure):
        raise ModelError("steps: two steps need `exposure`, and go without a moderator.")
    if together == "serial" and len(columns.mechanisms) > MANY_MECHANISMS:
        raise ModelError(
            f"mechanism: {len(columns.mechanisms)} in series make too many ways to tell apart; "
            f"{MANY_MECHANISMS} are the most."
        )
    if together == "serial" and columns.moderator is not None:
        raise ModelError("moderator: mechanisms in series are fitted without a moderator.")


def _refuse_repeated_measurements(columns: Columns) -> None:
    if len(columns.mechanisms) > 1:
        raise ModelError("mechanism: with repeated measurements one at a time.")
    if columns.moderator is not None or columns.exposure:
        raise ModelError(
            "moderator, exposure: repeated measurements are fitted without a moderator, and with "
            "exposure among the covariates."
        )


def _effects(model: Model, samples: Samples) -> dict[str, Effect]:
    """Every effect with its error and intervals."""
    percentile = percentile_intervals(samples.drawn)
    bca = bca_intervals(samples.estimates, samples.drawn, samples.without)
    df = samples.n_persons - 1 - len(model.columns.numbers)
    return {
        name: Effect(
            estimate=float(samples.estimates[i]),
            standard_error=float(samples.errors[i]),
            percentile=Limits(*map(float, percentile[:, i])),
            bca=Limits(*map(float, bca[:, i])),
            p=_p(samples.estimates[i], samples.errors[i], df) if is_path(name) else None,
        )
        for i, name in enumerate(samples.names)
    }


def _sensitivity(model: Model, samples: Samples) -> dict[str, Confounding]:
    """What an unmeasured confounder would make of each indirect effect, with samples of it."""
    drawn = model.confounding(samples.sums)
    return {
        name: Confounding(
            a=float(parts[0, 0]),
            spread_ratio=float(parts[1, 0]),
            rho_at_zero=float(parts[2, 0]),
            drawn=drawn[name],
        )
        for name, parts in model.confounding(samples.whole).items()
    }


def _p(estimate: float, error: float, df: int) -> float:
    from scipy.special import stdtr

    return float(2 * stdtr(df, -abs(estimate) / error)) if error > 0 else float("nan")


def _e_values(model: Model, effects: dict[str, Effect], whole: Float) -> dict[str, EValue]:
    """E-values of all indirect effects in the order that was asked for."""
    return {
        name: e_value_of(
            effects[name].estimate, effects[name].percentile, unit_of(model, name, whole)
        )
        for name in model.indirect_names
    }


def unit_of(model: Model, name: str, whole: Float, difference: float | None = None) -> float:
    """Difference of the factor, in SD of the outcome, for which an E-value is given."""
    rows, c = model.rows, model.columns
    contrast, spread = model.contrast_and_spread(name, whole)
    if difference is not None:
        contrast = difference
    elif rows.is_binary and not name.startswith("within:"):
        contrast = float(np.ptp(rows.values[c.factor])) * rows.scales[c.factor]
    return contrast / spread


def e_value_of(estimate: float, limits: tuple[float, float], unit: float) -> EValue:
    """E-value of an effect; percentiles of few or skewed draws need not hold the estimate."""
    low, high = min(estimate, limits[0]), max(estimate, limits[1])
    return e_value_of_difference(estimate * unit, low * unit, high * unit)


def _messages(model: Model, bootstrap: int, draws: int, effects: dict[str, Effect]) -> list[str]:
    rows, said = model.rows, []
    if rows.n_dropped:
        said.append(f"{rows.n_dropped} rows lack a value and are left out.")
    if bootstrap < FEW_DRAWS:
        said.append(f"{bootstrap} bootstrap samples give rough limits; take 5,000.")
    if draws < bootstrap:
        said.append(f"{bootstrap - draws} bootstrap samples had collinear columns: left out.")
    alone = [name for name, effect in effects.items() if np.isnan(effect.standard_error)]
    if alone:
        said.append(f"{', '.join(alone)}: rests on one person, so that there is no error.")
    if isinstance(model, TwoLevels):
        occasions = rows.person.size / rows.n_persons
        if occasions < MANY_OCCASIONS:
            said.append(
                f"Paths between persons rest on means of {occasions:.1f} occasions: the scatter "
                "left in these pulls the paths towards those within persons (Lüdtke et al. 2008)."
            )
    return said
