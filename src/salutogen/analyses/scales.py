"""Scales that an analysis names: values at the scored occasions, and which way is worse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.titles import title_of
from salutogen.errors import AnalysisError
from salutogen.findings import finding
from salutogen.names import did_you_mean
from salutogen.namespaces import factor_column, scale_column, subscale_column
from salutogen.scores.answers import answered_rows, repeated_form
from salutogen.scores.scale import scale_faults, score_scale
from salutogen.study import Instrument

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class NamedScale:
    """A scale by occasion.

    Attributes
    ----------
    name, title : str
    values : array (n,)
        In the rows of `Scores.table`, NaN where missing; higher as `higher` says.
    higher : {"worse", "better"}
    instrument : Instrument or None
    """

    name: str
    title: str
    values: Float
    higher: Literal["worse", "better"]
    instrument: Instrument | None = None


def named_scale(inputs: AnalysisInputs, name: str) -> NamedScale:
    """Find a scale by its name: a problem instrument, a subscale, or another repeated instrument.

    Problem instruments are turned so that higher = worse, as P is; subscales and other instruments
    keep their own direction.

    Raises
    ------
    AnalysisError
        Nothing of this name is answered by occasion, or it cannot be scored.
    """
    study, scores = inputs.study, inputs.scores
    instrument = study.instruments.get(name)
    title = title_of(inputs, name)
    if name in study.problems.instruments:
        several = len(study.problems.instruments) > 1
        column = scale_column(name, study.problems.instruments) if several else "P"
        values = numbers_of(scores.table[column])
        return NamedScale(
            name=name, title=title, values=values, higher="worse", instrument=instrument
        )
    owner = next((of for (of, _), told in study.subscale_names.items() if told == name), None)
    if owner is not None:
        of = study.instruments[owner]
        return NamedScale(
            name=name,
            title=name.replace("_", " "),
            values=numbers_of(scores.alternatives[subscale_column(name)]),
            higher=of.higher,
            instrument=of,
        )
    if name in scores.factors_repeated:
        higher = "worse" if instrument is None else instrument.higher
        values = numbers_of(scores.table[factor_column(name)])
        return NamedScale(
            name=name, title=title, values=values, higher=higher, instrument=instrument
        )
    if instrument is not None and name in inputs.panel.answers:
        return NamedScale(
            name=name,
            title=title,
            values=_scored(inputs, name, instrument),
            higher=instrument.higher,
            instrument=instrument,
        )
    known = known_scales(inputs)
    near = did_you_mean(name, known)
    raise AnalysisError([finding("scale-unknown", name=name, near=near, known=known)])


def known_scales(inputs: AnalysisInputs) -> list[str]:
    """Names that `named_scale` knows, exposure left out."""
    study, scores = inputs.study, inputs.scores
    parts = study.subscale_names.values()
    asked = getattr(inputs.panel, "answers", {})
    more = [name for name in asked if name not in study.exposure_types]
    return list(
        dict.fromkeys([*study.problems.instruments, *parts, *scores.factors_repeated, *more])
    )


def at_occasion(inputs: AnalysisInputs, values: Float, place: int) -> Float:
    """Return values (persons,) of one occasion from those in the rows of `Scores.table`.

    NaN where a person has no row there.
    """
    rows = inputs.scores.table
    here = rows["occasion_index"].to_numpy() == place
    found = np.full(inputs.scores.persons.height, np.nan)
    found[rows["person"].to_numpy().astype(np.int64)[here]] = values[here]
    return found


def numbers_of(column: pl.Series) -> Float:
    """Values of a column as floats, NaN where they are missing."""
    values: Float = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


def _scored(inputs: AnalysisInputs, name: str, instrument: Instrument) -> Float:
    """Score an instrument without a part in the study: by its own rule, prorated as P is."""
    faults = scale_faults(instrument, instrument.scoring)
    if faults:
        raise AnalysisError(tuple(faults))
    form = repeated_form(inputs.panel, name, answered_rows(inputs.panel))
    prorate = inputs.study.plan.missing.prorate
    return score_scale(form, instrument.scoring, prorate=prorate).score
