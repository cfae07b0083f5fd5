"""Fit a structural model to each group of a panel, and say what every result says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from salutogen.errors import ModelError
from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.fitting import Units, fit_structure
from salutogen.models.sem.inference import Errors
from salutogen.models.sem.reading import Panel
from salutogen.models.sem.samples import Sample, Samples
from salutogen.models.sem.structure import Structure, structure
from salutogen.version import VERSION

NO_FIT = (
    "There are no indices of fit: {why}, so that the model cannot be compared with covariances "
    "without a model."
)


def fit_panel(
    panel: Panel,
    samples: Samples,
    latent: Sequence[str],
    write: Callable[[Draft, Sample], None],
    *,
    group: str | None,
    shared: tuple[str, ...],
    errors: Errors,
) -> dict[str, Any]:
    """Return the fields that every `StructuralFit` of a panel has.

    Parameters
    ----------
    panel : Panel
    samples : Samples
        Its values by group; models of the same variables can share them.
    latent : sequence of str
        Variables that nobody observes.
    write : callable
        Writes the entries of one group's model into its draft.
    group : str, optional
        Column of the groups, for refusals.
    shared : tuple of str
        Kinds of parameters that all groups have in common.
    errors : str
        `expected`, `observed` or `robust`.

    Raises
    ------
    ModelError
        More parameters than persons, parameters that cannot be told apart.
    """
    structures: list[Structure] = []
    units: dict[str, tuple[float, float]] = {}
    for label, sample in zip(panel.groups, samples.of_groups, strict=True):
        draft = Draft(samples.scaling, label, shared)
        write(draft, sample)
        made = structure(sample.names, latent, draft.entries)
        _refuse_more_parameters(made, sample.patterns.n_persons, label, group)
        units |= draft.units
        structures.append(made)
    names = tuple(dict.fromkeys(name for made in structures for name in made.parameters))
    factors = np.array([units[name] for name in names])
    fitted = fit_structure(
        [
            (sample.patterns, made)
            for sample, made in zip(samples.of_groups, structures, strict=True)
        ],
        [sample.without for sample in samples.of_groups],
        Units(
            factor=factors[:, 0],
            shift=factors[:, 1],
            log_scale=sum(sample.log_scale for sample in samples.of_groups),
        ),
        errors,
    )
    messages = [*panel.messages, *fitted.messages]
    unknown = next(
        (sample.no_moments for sample in samples.of_groups if sample.without is None), ""
    )
    if unknown:
        messages.append(NO_FIT.format(why=unknown))
    return {
        "parameters": names,
        "coefficients": fitted.estimates,
        "covariance": fitted.covariance,
        "errors": errors,
        "log_likelihood": fitted.log_likelihood,
        "saturated_log_likelihood": fitted.saturated_log_likelihood,
        "fit_indices": fitted.fit_indices,
        "converged": fitted.converged,
        "messages": tuple(messages),
        "n_persons": panel.n_persons,
        "n_obs": panel.n_rows,
        "n_patterns": sum(sample.patterns.n_patterns for sample in samples.of_groups),
        "path": fitted.path,
        "evaluations": fitted.evaluations,
        "version": VERSION,
        "fitted": fitted,
    }


def problems_of_groups(equal: Sequence[str], group: str | None, kinds: Sequence[str]) -> list[str]:
    """Say what is wrong with the kinds of parameters that are to be equal over groups."""
    problems = []
    wrong = [name for name in equal if name not in kinds]
    if wrong:
        problems.append(
            f"equal_groups: expected some of {', '.join(kinds)}, got {', '.join(wrong)}."
        )
    if equal and not group:
        problems.append("equal_groups: there is no `group`.")
    return problems


def _refuse_more_parameters(made: Structure, persons: int, label: str, group: str | None) -> None:
    q = len(made.parameters)
    if q > persons:
        where = f" in {group} {label}" if group else ""
        raise ModelError(
            f"The model has {q} parameters, but there are only {persons} persons{where}. Hold more "
            "equal over time (lags, residuals, means), or use fewer variables."
        )
