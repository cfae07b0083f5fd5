"""Latent change score models from long data: what the change of each outcome follows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from salutogen.errors import ModelError
from salutogen.models.sem.change_scores.specification import (
    KINDS,
    Plan,
    latent_variables,
    observed_variables,
    of_change,
    of_score,
    write_entries,
)
from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.fitting import refuse_unknown_errors
from salutogen.models.sem.inference import Errors
from salutogen.models.sem.panel_fit import fit_panel, problems_of_groups
from salutogen.models.sem.reading import read_panel
from salutogen.models.sem.result import StructuralFit
from salutogen.models.sem.samples import Sample, samples_of
from salutogen.names import did_you_mean

FEWEST = 3  # occasions


@dataclass(frozen=True, kw_only=True)
class LatentChangeScores:
    """A latent change score model, by default of dual change with coupling.

    The change of a true score up to the next occasion is the person's constant part, plus a share
    of each outcome's true score before (McArdle 2009). What is left is error of measurement with
    one variance over occasions.

    Parameters
    ----------
    outcomes : sequence of str
        Repeated variables.
    person, occasion : str
        Columns of the long frame; occasions as for `CrossLaggedPanel`.
    constant : bool
        Whether change has a constant part, which differs between persons.
    effects : sequence of str, optional
        What else change depends on, by name: ``change(x)<-x`` on the outcome's own score before,
        ``change(x)<-y`` on another's, ``change(x)<-change(y)`` on a change before. By default all
        scores.
    standard_errors : str
        `expected`, `observed` (default) or `robust`.
    group : str, optional
        Column of groups of persons, whose parameters are their own unless held equal.
    equal_groups : sequence of str
        What groups share: `changes, constants, errors`.

    Notes
    -----
    Other parameters are ``mean(start(x))``, ``var(start(x))`` of the first true scores,
    ``mean(slope(x))``, ``var(slope(x))`` of the constant parts, their covariances, and
    ``error(x)``, ``error(x,y)``. Nothing but error is random from occasion to occasion: where
    persons fluctuate, `CrossLaggedPanel` is the better model.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> wave = np.tile(np.arange(5), 200)
    >>> start, constant = np.repeat(rng.normal([10, 1], [2, 0.5], size=(200, 2)), 5, axis=0).T
    >>> frame = {"id": np.repeat(np.arange(200), 5), "wave": wave,
    ...          "x": start + constant * wave + rng.normal(size=1000)}
    >>> model = LatentChangeScores(outcomes="x", person="id", occasion="wave", effects=())
    >>> round(model.fit(frame).estimates["mean(slope(x))"], 1)
    1.0
    """

    outcomes: tuple[str, ...]
    person: str
    occasion: str
    constant: bool = True
    effects: tuple[str, ...] | None = None
    standard_errors: Errors = "observed"
    group: str | None = None
    equal_groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take lists as tuples."""
        for name in ("outcomes", "equal_groups", "effects"):
            given = getattr(self, name)
            if given is None:
                continue
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))

    def fit(self, data: Any) -> StructuralFit:
        """Fit to a long frame by full-information maximum likelihood.

        Parameters
        ----------
        data : data frame or mapping of arrays
            A row per person and occasion; missing values leave out only themselves.

        Raises
        ------
        ModelError
            As `CrossLaggedPanel.fit`.
        """
        self._refuse_settings()
        panel = read_panel(
            data,
            person=self.person,
            occasion=self.occasion,
            repeated=self.outcomes,
            constant=(),
            group=self.group,
        )
        if len(panel.occasions) < FEWEST:
            raise ModelError(
                f"{self.occasion}: expected at least {FEWEST} occasions, got "
                f"{len(panel.occasions)}; change cannot be told from error with fewer."
            )
        plan = Plan(
            outcomes=self.outcomes,
            occasions=panel.occasions,
            constant=self.constant,
            effects=self._scores() if self.effects is None else self.effects,
        )

        def write(draft: Draft, sample: Sample) -> None:
            write_entries(draft, plan, sample)

        # Change in proportion to a score depends on where scores are 0: nothing is centred.
        common = fit_panel(
            panel,
            samples_of(panel, observed_variables(plan), centred=False),
            latent_variables(plan),
            write,
            group=self.group,
            shared=self.equal_groups,
            errors=self.standard_errors,
        )
        return StructuralFit(title="Latent change score model", **common)

    def _scores(self) -> tuple[str, ...]:
        """Effects of all scores."""
        return tuple(of_score(to, source) for to in self.outcomes for source in self.outcomes)

    def _refuse_settings(self) -> None:
        refuse_unknown_errors(self.standard_errors)
        problems = []
        if not self.outcomes or len(set(self.outcomes)) < len(self.outcomes):
            problems.append("outcomes: expected at least one column, each once.")
        known = [*self._scores(), *(of_change(a, b) for a in self.outcomes for b in self.outcomes)]
        unknown = [name for name in self.effects or () if name not in known]
        if unknown:
            problems.append(
                f"effects: there is no {', '.join(map(repr, unknown))}."
                f"{did_you_mean(unknown[0], known)}"
            )
        if not (self.constant or self.effects is None or self.effects):
            problems.append("effects: without a constant part, change needs some.")
        problems += problems_of_groups(self.equal_groups, self.group, KINDS)
        if problems:
            raise ModelError(" ".join(problems))
