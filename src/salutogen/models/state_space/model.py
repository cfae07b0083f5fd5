"""Linear stochastic differential equations of a few processes of many persons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from salutogen.errors import ModelError
from salutogen.models.state_space.fitting import fit
from salutogen.models.state_space.layout import Layout
from salutogen.models.state_space.problem import Problem
from salutogen.models.state_space.reading import Seen, read_rows
from salutogen.models.state_space.result import ContinuousTimeFit
from salutogen.names import did_you_mean


@dataclass(frozen=True, kw_only=True)
class ContinuousTime:
    """How processes act on themselves and on each other while time flows.

    Each value is the person's mean, a deviation x(t) from it and, where asked for, error of
    measurement; the deviations follow dx = (A x + B u) dt + dw, with a drift A, inputs u and noise
    of covariance Q per unit of time (Voelkle, Oud, Davidov & Schmidt 2012). What this means for two
    rows any time apart is computed exactly, so that gaps may differ and values be missing; the
    likelihood is that of a Kalman filter.

    Parameters
    ----------
    processes : sequence of str
        One or more columns that depend on their own past. Missing values are allowed.
    inputs : sequence of str
        Columns that act on the processes and are not acted upon. They hold from their row to the
        next one, and must be known there (at a person's last row they act on nothing).
    pulses : sequence of str
        Those of the inputs that act at once, at their row (events), before its values; they must
        be known at every row.
    person, time : str
        Columns. Time is a number in one unit for everybody, in which all rates are told.
    measurement_error : sequence of str
        Processes whose values hold error. It is told from the noise of the process by gaps that
        are short beside its half-life.
    random_means : bool
        Whether persons differ lastingly; else all have one mean.
    first : str
        `rest`: at their first row persons are as they would be after a long time without inputs
        (default). `free`: the first row has means and covariances of its own, as in panels.
    factors : mapping, optional
        Names of drift, input effects or means with columns that they depend on, one value per
        person: ``{"mood<-mood": ["optimism"]}``. The plain parameter is then that of a person with
        average factors.
    standard_errors : str
        `observed` information (default) or `robust` (sandwich over persons).

    Notes
    -----
    Parameters are called ``x<-y`` (drift and inputs: row, then column), ``diffusion(x)`` and
    ``diffusion(x,y)``, ``error(x)`` (variance), ``mean(x)`` (where inputs are 0), ``var(x)`` and
    ``cov(x,y)`` of the persons' means, ``first(x)``, ``first_var(x)`` and ``first_cov(x,y)``, and
    ``x<-y:factor``. A drift ``x<-x`` of −0.5 means that half of a deviation is gone after
    log(2)/0.5 = 1.4 units of time, if nothing else acts.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x = np.zeros((100, 30))
    >>> for t in range(1, 30):
    ...     x[:, t] = 0.6 * x[:, t - 1] + rng.normal(size=100)
    >>> frame = {"id": np.repeat(np.arange(100), 30), "hour": np.tile(np.arange(30.0), 100),
    ...          "mood": (x + rng.normal(size=(100, 1))).ravel()}
    >>> result = ContinuousTime(processes=("mood",), person="id", time="hour").fit(frame)
    >>> bool(abs(np.exp(result.drift[0, 0]) - 0.6) < 0.05)
    True
    """

    processes: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    pulses: tuple[str, ...] = ()
    person: str
    time: str
    measurement_error: tuple[str, ...] = ()
    random_means: bool = True
    first: Literal["rest", "free"] = "rest"
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    standard_errors: Literal["observed", "robust"] = "observed"

    def __post_init__(self) -> None:
        """Take lists, and single names, as tuples."""
        for name in ("processes", "inputs", "pulses", "measurement_error"):
            object.__setattr__(self, name, _names(getattr(self, name)))
        given = {name: _names(columns) for name, columns in dict(self.factors).items()}
        object.__setattr__(self, "factors", given)

    def fit(self, data: Any) -> ContinuousTimeFit:
        """Fit to a long frame by maximum likelihood.

        Parameters
        ----------
        data : data frame or mapping of arrays
            A row per person and time, in any order.

        Returns
        -------
        ContinuousTimeFit

        Raises
        ------
        ModelError
            Settings or columns that cannot be used, two rows of a person at one time, inputs that
            are missing, what does not vary, no person with two rows, more parameters than values,
            fewer persons than means to tell apart.

        Warns
        -----
        ConvergenceWarning
            The search did not settle.
        """
        layout = self._layout()
        seen = read_rows(data, layout, self.person, self.time)
        self._refuse_too_few(layout, seen)
        problem = Problem(layout, seen.rows)
        fitted = fit(problem, robust=self.standard_errors == "robust")
        return ContinuousTimeFit.from_fitted(self, problem, seen, fitted)

    def _layout(self) -> Layout:
        plain = Layout(
            processes=self.processes,
            inputs=self.inputs,
            pulses=self.pulses,
            measured_with_error=self.measurement_error,
            random_means=self.random_means,
            free_first=self.first == "free",
            moderated=(),
        )
        self._refuse_settings(plain)
        moderated = tuple(
            (name, factor) for name, all_of in self.factors.items() for factor in all_of
        )
        return replace(plain, moderated=moderated)

    def _refuse_settings(self, plain: Layout) -> None:
        problems = []
        if not self.processes:
            problems.append("processes: expected at least one column.")
        for setting, allowed in (("first", ("rest", "free")),
                                 ("standard_errors", ("observed", "robust"))):  # fmt: skip
            if getattr(self, setting) not in allowed:
                problems.append(
                    f"{setting}: expected {' or '.join(allowed)}, got {getattr(self, setting)!r}."
                )
        columns = [*self.processes, *self.inputs, self.person, self.time]
        twice = [name for name, times in Counter(columns).items() if times > 1]
        if twice:
            problems.append(f"{', '.join(twice)}: named in more than one place. Name each once.")
        lists = {
            "measurement_error": self.measurement_error, "pulses": self.pulses,
            **{f"factors of {name}": columns for name, columns in self.factors.items()},
        }  # fmt: skip
        for setting, given in lists.items():
            again = [name for name, times in Counter(given).items() if times > 1]
            if again:
                problems.append(f"{setting}: {', '.join(again)} twice. Name each once.")
        for setting, known in (("measurement_error", self.processes), ("pulses", self.inputs)):
            of_what = "processes" if setting == "measurement_error" else "inputs"
            for name in getattr(self, setting):
                if name not in known:
                    near = did_you_mean(name, known)
                    problems.append(f"{setting}: {name!r} is none of the {of_what}.{near}")
        known = tuple(
            name for part in ("drift", "inputs", "mean") for name in plain.plain_names(part)
        )
        for name in self.factors:
            if name not in known:
                near = did_you_mean(name, known) or f" There are {', '.join(known)}."
                problems.append(f"factors: there is no {name!r}.{near}")
        if problems:
            raise ModelError(" ".join(problems))

    def _refuse_too_few(self, layout: Layout, seen: Seen) -> None:
        k, persons = len(self.processes), seen.rows.n_persons
        if self.random_means and persons <= k:
            raise ModelError(
                f"{persons} persons cannot tell how {k} means differ between persons. More than "
                f"{k} are needed; of one person, `random_means=False` asks for no differences."
            )
        values = int((seen.rows.values == seen.rows.values).sum())
        if values <= len(layout.names):
            raise ModelError(
                f"{len(layout.names)} parameters cannot be told from {values} values. Use fewer "
                "processes or inputs, or more rows."
            )


def _names(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
