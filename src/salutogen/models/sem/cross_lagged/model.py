"""Cross-lagged panel models from long data: what changes first within persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salutogen.errors import ModelError
from salutogen.models.checks import is_between
from salutogen.models.sem.cross_lagged.plan import (
    KINDS,
    Constraint,
    Plan,
    latent_variables,
    observed_variables,
)
from salutogen.models.sem.cross_lagged.result import CrossLaggedFit
from salutogen.models.sem.cross_lagged.specification import write_entries
from salutogen.models.sem.cross_lagged.starts import rough_starts
from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.fitting import refuse_unknown_errors
from salutogen.models.sem.inference import Errors
from salutogen.models.sem.panel_fit import fit_panel, problems_of_groups
from salutogen.models.sem.reading import Panel, read_panel
from salutogen.models.sem.samples import Sample, samples_of
from salutogen.names import did_you_mean

CONSTRAINTS = ("lags", "residuals", "means")
MOST_LAG = 2


@dataclass(frozen=True, kw_only=True)
class CrossLaggedPanel:
    """A cross-lagged panel model, by default with random intercepts.

    A value is the occasion's mean, the person's lasting level and a deviation of this occasion;
    the deviations of each outcome depend on those of all outcomes at the occasions before (Hamaker,
    Kuiper & Grasman 2015). Without random intercepts, persons do not differ lastingly, and the
    lags mix what persons are with how they change.

    Parameters
    ----------
    outcomes : sequence of str
        Two or more repeated variables (one gives the autoregressive model with levels).
    person, occasion : str
        Columns of the long frame. Occasions are numbers or dates that are equally far apart, or
        categories in a declared order.
    random_intercepts : bool
        Whether persons have lasting levels; needs `lag` + 2 occasions.
    lags, residuals, means : str or tuple of str
        `equal` over occasions, `free`, or those that are equal while the others are free, by name
        without the occasion: ``lags=("y<-x",)``, ``residuals=("resid(x)", "resid(x,y)")``. Of the
        residuals, variances and covariances of the first occasion (with `lag` 2: the first two)
        are always their own: nothing before explains them. Effects of covariates at occasions are
        equal as lags are, and named among them.
    standard_errors : str
        `expected`, `observed` (default: right where values are missing at random) or `robust`
        (sandwich, and a scaled test of fit: right also where values are not normal).
    lag : int
        1 or 2: how many occasions back deviations reach.
    covariates : sequence of str
        Columns that do not change within persons; they act on the levels (without random
        intercepts on each value). Persons who lack one are kept.
    time_varying : sequence of str
        Columns that act on the outcomes at the same occasion, and are not acted upon: what may be
        an effect of an outcome belongs to `outcomes`. They may go with the levels.
    group : str, optional
        Column of groups of persons (arms, sites), whose parameters are each group's own unless
        held equal; their names end in ``[label]``.
    equal_groups : sequence of str
        What groups share: `lags, residuals, levels, means, covariates`.
    reliability : mapping, optional
        Known reliabilities of outcomes, above 0 up to 1: (1 − reliability) × variance at each
        occasion is taken as error of measurement.

    Notes
    -----
    Parameters are called ``y<-x`` (where x was one higher, y is so much higher at the next
    occasion; ``y<-x@3`` where it is free, ``y<-x[lag 2]``), ``var(x)`` and ``cov(x,y)`` of the
    levels, ``resid(x)@3`` and ``resid(x,y)@3`` of what lags do not explain, ``mean(x)@3`` (where
    covariates are at their average). Covariates are modelled with their own means and covariances,
    which are parameters. Estimates may lie outside what is possible (variances below 0); messages
    then say so.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> level = rng.normal(size=(200, 1))
    >>> x, y = (level + rng.normal(size=(200, 4)) for _ in range(2))
    >>> frame = {"id": np.repeat(np.arange(200), 4), "wave": np.tile([1, 2, 3, 4], 200),
    ...          "x": x.ravel(), "y": y.ravel()}
    >>> result = CrossLaggedPanel(outcomes=("x", "y"), person="id", occasion="wave").fit(frame)
    >>> result.n_parameters, result.converged
    (27, True)
    """

    outcomes: tuple[str, ...]
    person: str
    occasion: str
    random_intercepts: bool = True
    lags: Constraint = "equal"
    residuals: Constraint = "free"
    means: Constraint = "free"
    standard_errors: Errors = "observed"
    lag: int = 1
    covariates: tuple[str, ...] = ()
    time_varying: tuple[str, ...] = ()
    group: str | None = None
    equal_groups: tuple[str, ...] = ()
    reliability: Mapping[str, float] | None = None

    def __post_init__(self) -> None:
        """Take lists as tuples."""
        for name in ("outcomes", "covariates", "time_varying", "equal_groups"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        for name in CONSTRAINTS:
            given = getattr(self, name)
            object.__setattr__(self, name, given if isinstance(given, str) else tuple(given))

    def fit(self, data: Any) -> CrossLaggedFit:
        """Fit to a long frame by full-information maximum likelihood.

        Parameters
        ----------
        data : data frame or mapping of arrays
            A row per person and occasion. A missing value leaves out only itself; a missing row is
            as good as one without values.

        Returns
        -------
        CrossLaggedFit

        Raises
        ------
        ModelError
            Settings or columns that cannot be used, too few occasions, unequal gaps, a variable
            that does not vary, variables that can be computed from each other, more parameters than
            persons, parameters that cannot be told apart.

        Warns
        -----
        ConvergenceWarning
            The search did not settle.
        """
        self._refuse_settings()
        panel = read_panel(
            data,
            person=self.person,
            occasion=self.occasion,
            repeated=(*self.outcomes, *self.time_varying),
            constant=self.covariates,
            group=self.group,
        )
        self._refuse_few_occasions(panel)
        plan, reliability = self._plan(panel.occasions), self.reliability or {}

        def write(draft: Draft, sample: Sample) -> None:
            starts, errors = rough_starts(plan, sample, reliability)
            write_entries(draft, plan, starts, errors)

        common = fit_panel(
            panel,
            samples_of(panel, observed_variables(plan)),
            latent_variables(plan),
            write,
            group=self.group,
            shared=self.equal_groups,
            errors=self.standard_errors,
        )
        kind = "Random-intercept cross" if self.random_intercepts else "Cross"
        return CrossLaggedFit(
            title=f"{kind}-lagged panel model", plan=plan, groups=panel.groups, **common
        )

    def _plan(self, occasions: tuple[str, ...]) -> Plan:
        return Plan(
            outcomes=self.outcomes,
            occasions=occasions,
            lag=self.lag,
            random_intercepts=self.random_intercepts,
            lags=self.lags,
            residuals=self.residuals,
            means=self.means,
            covariates=self.covariates,
            time_varying=self.time_varying,
        )

    def _refuse_settings(self) -> None:
        refuse_unknown_errors(self.standard_errors)
        problems = []
        if self.lag not in range(1, MOST_LAG + 1):
            problems.append(f"lag: expected 1 or 2, got {self.lag!r}.")
        if not self.outcomes:
            problems.append("outcomes: expected at least one column.")
        columns = [*self.outcomes, *self.covariates, *self.time_varying, self.person, self.occasion]
        columns += [self.group] if self.group else []
        twice = [name for name, times in Counter(columns).items() if times > 1]
        if twice:
            problems.append(f"{', '.join(twice)}: named in more than one place. Name each once.")
        problems += self._problems_of_constraints()
        problems += problems_of_groups(self.equal_groups, self.group, KINDS)
        for name, value in (self.reliability or {}).items():
            if name not in self.outcomes:
                problems.append(f"reliability: {name!r} is no outcome.")
            elif not (is_between(value, 0, 1) or value == 1):
                problems.append(f"reliability of {name}: expected above 0 up to 1, got {value!r}.")
        if problems:
            raise ModelError(" ".join(problems))

    def _problems_of_constraints(self) -> list[str]:
        """Say which constraints over occasions are none."""
        problems = []
        for kind, known in self._plan(()).over_time.items():
            given, names = getattr(self, kind), ", ".join(known)
            if isinstance(given, str) and given not in ("equal", "free"):
                problems.append(
                    f"{kind}: expected equal or free, got {given!r}. A tuple names what is equal "
                    f"while the rest is free: {names}."
                )
            for name in () if isinstance(given, str) else given:
                if name not in known:
                    near = did_you_mean(name, known) or f" There are {names}."
                    problems.append(f"{kind}: there is no {name!r}.{near}")
        return problems

    def _refuse_few_occasions(self, panel: Panel) -> None:
        needed = self.lag + (2 if self.random_intercepts else 1)
        n = len(panel.occasions)
        if n >= needed:
            return
        if self.random_intercepts:
            why = "lasting differences between persons cannot be told from change with fewer"
        else:
            why = "there is nothing earlier to depend on with fewer"
        raise ModelError(
            f"{self.occasion}: expected at least {needed} occasions, got {n}; {why}. "
            + ("With `random_intercepts=False` one fewer is enough, but then the lags mix what "
               "persons are with how they change." if self.random_intercepts and n == needed - 1
               else "Add occasions.")
        )  # fmt: skip
