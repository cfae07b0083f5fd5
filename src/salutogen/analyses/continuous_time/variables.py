"""What the model is fitted to: deviations from the mean of each occasion, by person and time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.coded_names import codes_of
from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import covariate_numbers
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.analyses.repeated_variables import (
    E,
    occasions_alike,
    refuse_variables,
    variable_column,
)
from salutogen.analyses.times_of_occasions import COUNTED, DAYS, times_of_occasions
from salutogen.analyses.titles import titles_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.names import did_you_mean
from salutogen.namespaces import told_term

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

PERSON, TIME = "person", "time"
FEWEST_AT_OCCASION = 10  # persons who have a variable, for its mean of the occasion to be taken
FEWEST_OCCASIONS, FEWEST_PERSONS = 3, 20
NOTHING = 1e-8  # share of the whole SD: what varies less within persons does not vary


@dataclass(frozen=True, kw_only=True)
class FlowData:
    """Values that the model takes.

    Attributes
    ----------
    processes, inputs, factors : tuple of str
        Names as the study file has them; of factors, those of their columns.
    codes : dict of str
        What each is called in `frame`.
    frame : DataFrame
        A row per person and visit at which a process is known, or an input before one is:
        `person`, `time`, processes, inputs and factors by code.
    spread : dict of float
        SD of each process and input within persons, about the mean of the occasion.
    far : dict of array (persons,)
        How far above the person's own mean each process and input ever was.
    n : int
        Persons who were seen twice or more: what changes is told by them.
    occasions : tuple of str
        Labels of the occasions that are used.
    unit : str
        Unit of time: `days`, `planned days` or `occasions`.
    titles : dict of str
        What all of them are called.
    asked : tuple of str
        Factors of the study file that are in the model.
    """

    processes: tuple[str, ...]
    inputs: tuple[str, ...]
    factors: tuple[str, ...]
    codes: dict[str, str]
    frame: pl.DataFrame
    spread: dict[str, float]
    far: dict[str, Float]
    n: int
    occasions: tuple[str, ...]
    unit: str
    titles: dict[str, str]
    asked: tuple[str, ...]

    def title(self, name: str) -> str:
        """What a variable or factor is called."""
        return self.titles.get(name, name)


def read_flow(
    inputs: AnalysisInputs, settings: ContinuousTimeSettings, found: Findings
) -> FlowData:
    """Take processes, inputs and factors from the scores, or refuse what cannot be asked.

    Raises
    ------
    AnalysisError
        Names that are unknown, asked once, or contain each other; too few occasions or persons;
        what does not vary within persons; factors that cannot be used.
    """
    names = (*settings.processes, *settings.inputs)
    _refuse_names(inputs, settings, found)
    raw = {name: inputs.views.wide(variable_column(inputs, name)).values for name in names}
    wide = _told_occasions(inputs, settings, raw, found)
    wide = _known_inputs(inputs, wide, settings, found)
    there = np.any([np.isfinite(wide[name]) for name in settings.processes], axis=0)
    given = covariate_numbers(
        inputs, settings.factors, found, unknown="continuous-time-factor-unknown",
        among=there.any(axis=1),
    )  # fmt: skip
    there &= given.persons[:, None]
    twice = Persons(int(np.sum(there.sum(axis=1) > 1)))
    if twice < FEWEST_PERSONS:
        found.tell("continuous-time-too-few-persons", n=twice, least=FEWEST_PERSONS)
        found.raise_refusals(AnalysisError)
    # A visit at which nothing but an input is known says what acts from there on.
    acts = np.any([np.isfinite(wide[name]) for name in settings.inputs] or [there], axis=0)
    seen = there | (acts & _is_followed(there))
    wide = {name: np.where(seen, array, np.nan) for name, array in wide.items()}
    titles = titles_of(inputs, (*names, *settings.factors))
    about = {name: _about_occasions(array) for name, array in wide.items()}
    own = {name: _about_persons(array) for name, array in about.items()}
    _refuse_constant(wide, own, titles, found)
    times, unit = times_of_occasions(inputs, seen)
    _tell_times(inputs, unit, found)
    # Of an input only changes within persons count: its lasting level is the person's mean.
    used = {name: own[name] if name in settings.inputs else about[name] for name in names}
    terms = dict(zip(map(told_term, given.terms), given.values.T, strict=True))
    codes = codes_of("v", names) | codes_of("f", terms)
    person, occasion = np.nonzero(seen)
    kept = np.flatnonzero(seen.any(axis=0))
    return FlowData(
        processes=settings.processes,
        inputs=settings.inputs,
        factors=tuple(terms),
        codes=codes,
        frame=pl.DataFrame(
            {PERSON: person, TIME: times[person, occasion]}
            | {codes[name]: used[name][person, occasion] for name in names}
            | {codes[name]: column[person] for name, column in terms.items()}
        ),
        spread={name: _spread(array) for name, array in own.items()},
        far={name: _farthest(array) for name, array in own.items()},
        n=twice,
        occasions=tuple(inputs.study.labels[place] for place in kept.tolist()),
        unit=unit,
        titles=titles,
        asked=given.of(settings.factors),
    )


def _refuse_names(
    inputs: AnalysisInputs, settings: ContinuousTimeSettings, found: Findings
) -> None:
    names = (*settings.processes, *settings.inputs)
    refuse_variables(
        inputs, names, found, unknown="continuous-time-variable-unknown",
        once="continuous-time-asked-once", overlap="continuous-time-variables-overlap",
    )  # fmt: skip
    test = settings.stress_test
    asked: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
        "measurement_error": (settings.measurement_error, settings.processes),
        "stress_test: cause": ((test.cause,), names),
        "stress_test: effect": ((test.effect,), settings.processes),
    }
    for key, (given, known) in asked.items():
        for name in given:
            if name not in known:
                near = did_you_mean(name, known)
                found.tell(
                    "continuous-time-not-in-the-model", key=key, name=name, near=near, known=known
                )
    refuse_unplanned(
        inputs, settings.occasions or (), found, unknown="continuous-time-occasion-unknown"
    )
    found.raise_refusals(AnalysisError)


def _told_occasions(
    inputs: AnalysisInputs,
    settings: ContinuousTimeSettings,
    raw: Mapping[str, Float],
    found: Findings,
) -> dict[str, Float]:
    """Values at occasions at which enough persons have them; refuse too few occasions."""
    labels = inputs.study.labels
    wanted = labels if settings.occasions is None else settings.occasions
    alike = set() if inputs.run.audience.individuals else occasions_alike(raw)
    wide, left = {}, set()
    for name, array in raw.items():
        enough = np.sum(np.isfinite(array), axis=0) >= FEWEST_AT_OCCASION
        asked = np.array([label in wanted for label in labels])
        same = np.isin(np.arange(len(labels)), list(alike))
        left |= set(np.flatnonzero(asked & np.isfinite(array).any(axis=0) & (same | ~enough)))
        wide[name] = np.where(enough & asked & ~same, array, np.nan)
        n = int(np.sum(enough & asked & ~same))
        if n < FEWEST_OCCASIONS:
            found.tell(
                "continuous-time-too-few-occasions", name=titles_of(inputs, (name,))[name], n=n,
                needed=FEWEST_OCCASIONS, fewest=FEWEST_AT_OCCASION,
            )  # fmt: skip
    found.raise_refusals(AnalysisError)
    if left:
        told = [labels[place] for place in sorted(left)]
        variant = "alike" if alike.intersection(left) else ""
        found.tell(
            "continuous-time-occasions-left-out", variant=variant, labels=told,
            fewest=FEWEST_AT_OCCASION,
        )  # fmt: skip
    return wide


def _known_inputs(
    inputs: AnalysisInputs,
    wide: Mapping[str, Float],
    settings: ContinuousTimeSettings,
    found: Findings,
) -> dict[str, Float]:
    """Leave out visits at which an input is not known: what acts from there on is not known.

    But for a person's last visit with a process, from which on nothing is asked.
    """
    if not settings.inputs:
        return dict(wide)
    back = [name for name in settings.inputs if name in (E, *inputs.scores.type_columns)]
    if back:
        found.tell("continuous-time-input-looks-back", names=back)
    known = np.all([np.isfinite(wide[name]) for name in settings.inputs], axis=0)
    there = np.any([np.isfinite(wide[name]) for name in settings.processes], axis=0)
    known |= there & ~_is_followed(there)
    lost = int(np.sum((there & ~known).any(axis=1)))
    if lost:
        found.tell("continuous-time-input-missing", n=Persons(lost))
    return {name: np.where(known, array, np.nan) for name, array in wide.items()}


def _is_followed(there: Bool) -> Bool:
    """Whether a person has a later visit (persons, occasions)."""
    found: Bool = np.cumsum(there[:, ::-1], axis=1)[:, ::-1] > there
    return found


def _about_occasions(values: Float) -> Float:
    """Deviations from the mean of each occasion: what moves everybody is no coupling."""
    known = np.isfinite(values)
    sums = np.where(known, values, 0.0).sum(axis=0)
    found: Float = values - sums / np.maximum(known.sum(axis=0), 1)
    return found


def _about_persons(values: Float) -> Float:
    """Deviations from each person's mean."""
    known = np.isfinite(values)
    sums = np.where(known, values, 0.0).sum(axis=1, keepdims=True)
    found: Float = values - sums / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return found


def _spread(own: Float) -> float:
    """SD within persons, of deviations from each person's mean."""
    known = np.isfinite(own)
    free = known.sum() - known.any(axis=1).sum()
    return float(np.sqrt(np.nansum(own**2) / free))


def _farthest(values: Float) -> Float:
    """Each person's highest value; minus infinity of who has none."""
    found: Float = np.max(np.where(np.isfinite(values), values, -np.inf), axis=1)
    return found


def _refuse_constant(
    wide: Mapping[str, Float],
    own: Mapping[str, Float],
    titles: Mapping[str, str],
    found: Findings,
) -> None:
    for name, array in wide.items():
        whole = np.std(array[np.isfinite(array)])
        # As they are too: the means of occasions move where other persons are there.
        within = min(np.nanstd(own[name]), np.nanstd(_about_persons(array)))
        if not within > NOTHING * max(whole, np.finfo(float).tiny):
            variant = "never" if not whole > 0 else ""
            found.tell("continuous-time-no-change", variant=variant, name=titles[name])
    found.raise_refusals(AnalysisError)


def _tell_times(inputs: AnalysisInputs, unit: str, found: Findings) -> None:
    """Say where the times of the answers are not those that are used."""
    if unit == COUNTED:
        found.tell("continuous-time-no-times")
    elif unit != DAYS and np.isfinite(inputs.views.wide("P").times).any():
        found.tell("continuous-time-planned-times")
