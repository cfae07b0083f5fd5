"""What the models are fitted to: chosen variables at occasions that are equally far apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.change.own_times import at_their_occasions
from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import covariate_numbers
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.analyses.repeated_variables import (
    E,
    P,
    occasions_alike,
    refuse_variables,
    variable_column,
)
from salutogen.analyses.titles import titles_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.namespaces import told_term

Float = NDArray[np.float64]

FEWEST_AT_OCCASION = 10  # persons who have a variable, for an occasion to count
MOST_OCCASIONS = 20
MOST_LABELS = 6  # of a covariate
NEARLY_EQUAL = 0.1  # of the mean gap: how far gaps may differ and count as equal


@dataclass(frozen=True, kw_only=True)
class ChangeData:
    """Values that every model takes.

    Attributes
    ----------
    names : tuple of str
        The variables, as the study file names them.
    exposures : tuple of str
        Which of them are stressor exposure.
    values : dict of array (n_persons, n_occasions)
        Each variable, NaN where missing; only persons who have any.
    covariates : dict of array (n_persons,)
        Numbers, and a column of 0 and 1 for each label but the first.
    asked : tuple of str
        Covariates of the study file that are among them.
    persons : array (n_persons,)
        Places of these persons among those of the study.
    places : array (n_occasions,)
        Places of the occasions in the plan.
    occasions : tuple of str
        Their labels, in order.
    gap : float or None
        Days from one occasion to the next; None where no time is known.
    titles : dict of str
        What variables and covariates are called.
    """

    names: tuple[str, ...]
    exposures: tuple[str, ...]
    values: dict[str, Float]
    covariates: dict[str, Float]
    asked: tuple[str, ...]
    persons: NDArray[np.intp]
    places: NDArray[np.intp]
    occasions: tuple[str, ...]
    gap: float | None
    titles: dict[str, str]

    def title(self, name: str) -> str:
        """What a variable or covariate is called."""
        return self.titles.get(name, name)

    def spread_of(self, name: str) -> float:
        """SD of a variable over persons and occasions, n − 1."""
        values = self.values[name]
        return float(np.std(values[np.isfinite(values)], ddof=1))


def read_variables(inputs: AnalysisInputs, settings: ChangeSettings, found: Findings) -> ChangeData:
    """Take the variables from the scores, or refuse what cannot be asked.

    Raises
    ------
    AnalysisError
        Variables that are unknown, asked once, or contain each other; too few or too many
        occasions; gaps that differ; a covariate that cannot be used.
    """
    names = settings.variables
    _refuse_names(inputs, settings, found)
    found.raise_refusals(AnalysisError)
    wide = {name: inputs.views.wide(variable_column(inputs, name)).values for name in names}
    places = _occasions(inputs, settings, wide, found)
    gap = _gap(inputs, places, found)
    planned = {name: array[:, places] for name, array in wide.items()}
    values = at_their_occasions(inputs, planned, places, found)
    present = np.any([np.isfinite(array).any(axis=1) for array in values.values()], axis=0)
    _refuse_many_labels(inputs, settings.covariates, found)
    # The likelihood takes persons as they are; only lines leave out who lacks a covariate.
    given = covariate_numbers(
        inputs, settings.covariates, found, unknown="change-covariate-unknown", among=present,
        gaps=True,
    )  # fmt: skip
    present = given.persons
    return ChangeData(
        names=names,
        exposures=tuple(one for one in names if one in (E, *inputs.scores.type_columns)),
        values={name: array[present] for name, array in values.items()},
        covariates={
            told_term(term): column[present]
            for term, column in zip(given.terms, given.values.T, strict=True)
        },
        asked=given.of(settings.covariates),
        persons=np.flatnonzero(present),
        places=places,
        occasions=tuple(inputs.study.labels[place] for place in places),
        gap=gap,
        titles=titles_of(inputs, (*names, *settings.covariates)),
    )


def _titled(inputs: AnalysisInputs, names: Sequence[str]) -> list[str]:
    return list(titles_of(inputs, names).values())


def _refuse_many_labels(inputs: AnalysisInputs, names: Sequence[str], found: Findings) -> None:
    for name in dict.fromkeys(names):
        values = inputs.scores.of_persons(name)
        if values is None or values.dtype.is_numeric() or values.dtype == pl.Boolean:
            continue
        n = values.drop_nulls().n_unique()
        if n > MOST_LABELS:
            found.tell("change-covariate-labels", name=name, n=n, most=MOST_LABELS)
    found.raise_refusals(AnalysisError)


def _refuse_names(inputs: AnalysisInputs, settings: ChangeSettings, found: Findings) -> None:
    names = settings.variables
    refuse_variables(
        inputs, names, found, unknown="change-variable-unknown", once="change-asked-once",
        overlap="change-variables-overlap",
    )  # fmt: skip
    for name in settings.reliability:
        if name not in names:
            found.tell("change-reliability-of-none", name=name, names=names)


def _occasions(
    inputs: AnalysisInputs, settings: ChangeSettings, wide: dict[str, Float], found: Findings
) -> NDArray[np.intp]:
    """Places of the occasions at which every variable is there."""
    labels = inputs.study.labels
    wanted = labels if settings.occasions is None else settings.occasions
    refuse_unplanned(inputs, wanted, found, unknown="change-occasion-unknown")
    asked = [place for place, label in enumerate(labels) if label in wanted]
    seen = np.min([np.isfinite(array).sum(axis=0) for array in wide.values()], axis=0)
    alike = set() if inputs.run.audience.individuals else occasions_alike(wide)
    seen[list(alike)] = 0
    kept = [place for place in asked if seen[place] >= FEWEST_AT_OCCASION]
    left = [labels[place] for place in asked if place not in kept]
    needed = occasions_needed(settings.lag)
    if len(kept) < needed:
        found.tell(
            "change-too-few-occasions",
            n=len(kept), needed=needed, names=_titled(inputs, settings.variables),
            fewest=FEWEST_AT_OCCASION, mend=_for_more(settings, seen, len(kept)),
        )  # fmt: skip
    elif len(kept) > MOST_OCCASIONS:
        found.tell("change-too-many-occasions", n=len(kept), most=MOST_OCCASIONS)
    elif left:
        variant = "alike" if alike.intersection(asked) else ""
        found.tell(
            "change-occasions-left-out", variant=variant, labels=left, fewest=FEWEST_AT_OCCASION
        )
    found.raise_refusals(AnalysisError)
    return np.array(kept, dtype=np.intp)


def occasions_needed(lag: int) -> int:
    """How many occasions tell effects so far back from lasting levels."""
    return lag + 2


def _for_more(settings: ChangeSettings, seen: NDArray[np.intp], n: int) -> str | None:
    """What to do about too few occasions, where a setting is the reason."""
    ways = []
    if settings.lag > 1 and n >= occasions_needed(1):
        ways.append("set `lag: 1`")
    there = int(np.sum(seen >= FEWEST_AT_OCCASION))
    if settings.occasions is not None and there >= occasions_needed(settings.lag):
        ways.append("name more occasions")
    return f"{' or '.join(ways)}.".capitalize() if ways else None


def _gap(inputs: AnalysisInputs, places: NDArray[np.intp], found: Findings) -> float | None:
    """Days between occasions; refuse gaps that differ."""
    days = _days(inputs)[places]
    labels = [inputs.study.labels[place] for place in places]
    if not np.isfinite(days).all():
        found.tell("change-gaps-unknown")
        return None
    gaps = np.diff(days)
    if not (gaps > 0).all() or np.ptp(gaps) > NEARLY_EQUAL * gaps.mean():
        best = longest_equal(days)
        found.tell(
            "change-gaps-differ",
            shortest=float(gaps.min()),
            longest=float(gaps.max()),
            mend=None
            if len(best) < 3
            else "Name occasions with equal gaps under `occasions`, such as "
            f"{', '.join(labels[place] for place in best)}.",
        )
        found.raise_refusals(AnalysisError)
    return float(gaps.mean())


def _days(inputs: AnalysisInputs) -> Float:
    """Day of each planned occasion: as planned, else the median of the answers' times."""
    planned = np.array(inputs.study.days)
    if np.isfinite(planned).all():
        return planned
    times = inputs.views.wide(P).times
    known = np.isfinite(times).any(axis=0)
    found = np.full(len(known), np.nan)
    found[known] = np.nanmedian(times[:, known], axis=0)
    return found


def longest_equal(days: Float) -> tuple[int, ...]:
    """Places of the longest row of days with equal gaps; the earliest of several.

    >>> import numpy as np
    >>> longest_equal(np.array([0.0, 1.0, 7.0, 14.0, 28.0]))
    (0, 2, 3)
    """
    best: tuple[int, ...] = ()
    for first in range(len(days)):
        for second in range(first + 1, len(days)):
            gap = days[second] - days[first]
            row = [first, second]
            while gap > 0:
                apart = np.abs(days - (days[first] + len(row) * gap))
                place = int(np.argmin(apart))
                if apart[place] > NEARLY_EQUAL / 2 * gap:
                    break
                row.append(place)
            if len(row) > len(best):
                best = tuple(row)
    return best
