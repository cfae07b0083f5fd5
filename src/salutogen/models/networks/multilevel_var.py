"""What follows from what within a day, what goes together, and who differs from whom."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.networks.multilevel_var_fit import MultilevelVARFit
from salutogen.models.networks.prompts import PromptPairs, read_prompts
from salutogen.models.networks.rows import as_names
from salutogen.models.networks.two_steps import RandomEffects, TwoSteps, moments_of, two_steps

NOT_SETTLED = "Not settled for {names}: do not use its edges. Fewer variables may help."


@dataclass(frozen=True, kw_only=True)
class MultilevelVAR:
    """A vector autoregression of many persons, in two steps, with three networks.

    First each variable is regressed on all variables one prompt earlier and on the persons' means
    of the others, with a random intercept and random slopes of persons:

    ``y_t = b_0i + Σ_x b_i(x) (x_(t−1) − usual_i(x)) + Σ_(x ≠ y) g(x) mean_i(x) + e_t``

    Here mean_i(x) is over all values of the person, and usual_i(x) over those that a later prompt
    of their day follows: the last of a day is never one prompt earlier than anything. Its slopes
    are the temporal network; g and the variance of the intercepts give the network of persons'
    means. Then what is left of each variable is regressed on what is left of the others, again
    with random slopes: the contemporaneous network (Epskamp, Waldorp, Mõttus & Borsboom 2018; the
    estimator `lmer` of R's mlVAR). All regressions are by maximum likelihood.

    Parameters
    ----------
    variables : sequence of str
        Two or more columns that vary within persons.
    person : str
        Column of the persons.
    day : str, optional
        Column of the days: no lag goes over night. Without it, all prompts of a person are of one
        day.
    beep : str
        Column with the number of the prompt within its day. A lag goes from one number to the
        next; where a prompt is missed, there is none.
    random_effects : str
        `orthogonal` (default) or `correlated`; the latter needs many persons and few variables.

    Notes
    -----
    Temporal effects are in units of the data (`MultilevelVARFit.standardised` has them in standard
    deviations). They are a little too small: a person's mean of T prompts holds T-th parts of every
    deviation, which lowers the effect of a variable on itself by about (1 + effect)/T.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> calm, tense = np.zeros((2, 60, 30))
    >>> for t in range(1, 30):
    ...     tense[:, t] = 0.3 * tense[:, t - 1] + rng.normal(size=60)
    ...     calm[:, t] = -0.4 * tense[:, t - 1] + rng.normal(size=60)
    >>> frame = {"id": np.repeat(np.arange(60), 30), "beep": np.tile(np.arange(30), 60),
    ...          "calm": (calm + rng.normal(size=(60, 1))).ravel(),
    ...          "tense": (tense + rng.normal(size=(60, 1))).ravel()}
    >>> model = MultilevelVAR(variables=("calm", "tense"), person="id", beep="beep")
    >>> result = model.fit(frame)
    >>> bool(abs(result.estimates["calm<-tense"] + 0.4) < 0.1)
    True
    >>> bool(abs(result.estimates["tense<-calm"]) < 0.1)
    True
    """

    variables: tuple[str, ...]
    person: str
    beep: str
    day: str | None = None
    random_effects: RandomEffects = "orthogonal"

    def __post_init__(self) -> None:
        """Take a list of variables as a tuple; refuse settings that cannot be used."""
        object.__setattr__(self, "variables", as_names(self.variables))
        problems = []
        if len(self.variables) < 2:
            problems.append(
                f"variables: expected at least two, got {', '.join(self.variables) or 'none'}."
            )
        if self.random_effects not in get_args(RandomEffects):
            problems.append(
                f"random_effects: expected orthogonal or correlated, got {self.random_effects!r}."
            )
        columns = [*self.variables, self.person, self.beep, *([self.day] if self.day else [])]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice:
            problems.append(f"{', '.join(twice)}: named in more than one place. Name each once.")
        if problems:
            raise ModelError(" ".join(problems))

    def fit(self, data: Any) -> MultilevelVARFit:
        """Fit to a long frame.

        Parameters
        ----------
        data : data frame or mapping of arrays
            A row per prompt, in any order. Prompts with a missing value count for persons' means of
            the values that are there, and stand in no lag.

        Returns
        -------
        MultilevelVARFit

        Raises
        ------
        ModelError
            Settings or columns that cannot be used, two rows for one prompt, no two prompts in a
            row, variables that do not vary within anybody or follow from others, no more persons
            than random effects.

        Warns
        -----
        ConvergenceWarning
            A regression did not settle.
        """
        pairs = read_prompts(data, self.variables, self.person, self.day, self.beep)
        self._refuse_few(pairs)
        moments = moments_of(pairs)
        steps = two_steps(self.variables, moments, self.random_effects)
        messages = [*pairs.messages, *_still_persons(pairs), *_doubts(pairs.variables, steps)]
        unsettled = _not_settled(pairs.variables, steps)
        if unsettled:
            said = NOT_SETTLED.format(names=", ".join(unsettled))
            messages.insert(0, said)
            warnings.warn(said, ConvergenceWarning, stacklevel=2)
        return MultilevelVARFit.from_steps(self, pairs, steps, tuple(messages))

    def _refuse_few(self, pairs: PromptPairs) -> None:
        needed = len(self.variables) + 1
        if pairs.n_persons <= needed:
            raise ModelError(
                f"{pairs.n_persons} persons with prompts in a row cannot tell how {needed} effects "
                f"differ between persons. More than {needed} are needed, and many more to trust "
                "the network of persons' means. Use fewer variables."
            )


def _still_persons(pairs: PromptPairs) -> list[str]:
    """Name variables that do not vary within some persons."""
    messages = []
    starts = np.flatnonzero(np.diff(pairs.code, prepend=-1))
    for name, column in zip(pairs.variables, pairs.current.T, strict=True):
        low, high = (part.reduceat(column, starts) for part in (np.minimum, np.maximum))
        still = int(np.sum(high <= low))
        if still:
            messages.append(f"{name}: does not vary in {still} of {pairs.n_persons} persons.")
    return messages


def _not_settled(variables: tuple[str, ...], steps: TwoSteps) -> list[str]:
    """Variables of which a regression did not settle."""
    both = zip(variables, steps.first, steps.second, strict=True)
    return [name for name, one, other in both if not (one.converged and other.converged)]


def _doubts(variables: tuple[str, ...], steps: TwoSteps) -> list[str]:
    messages = []
    for what, results in (("before", steps.first), ("at the same time", steps.second)):
        singular = [n for n, r in zip(variables, results, strict=True) if r.is_singular]
        if singular:
            messages.append(
                f"{', '.join(singular)}: persons do not seem to differ in the effect of some "
                f"variable {what} (a variance of zero, or a correlation of ±1)."
            )
    if not (steps.between.partial == steps.between.partial).all():
        messages.append(
            "Persons' means are not told apart (a variance of zero): there is no network of them."
        )
    for what, network in (
        ("contemporaneous network", steps.contemporaneous),
        ("network of persons' means", steps.between),
    ):
        if network.was_shrunk:
            messages.append(
                f"The edges of the {what} contradict each other and were made smaller until they "
                "could be partial correlations. Too few persons or prompts may be why."
            )
    return messages
