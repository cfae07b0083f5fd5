"""How much of the planned time persons' answers look back on, missed occasions counted."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.norm.periods import count_distinct
from salutogen.page.audience import Audience
from salutogen.page.words import enumeration, percent
from salutogen.resilience.between_within import OccasionArrays
from salutogen.study import Study
from salutogen.study.check.coverage import coverage

TIME_COVERED_COLUMNS = (
    Column(name="type", meaning="Type of exposure", kind=Kind.LABEL, heading="Exposure type"),
    Column(
        name="planned",
        meaning="Share of the time from the first to the last planned occasion that would be "
        "within recall if none were missed",
        unit="share of the time",
        heading="As planned",
    ),
    Column(
        name="answered",
        meaning="The same share over the valid occasions of a person, mean over persons",
        unit="share of the time",
        heading="As answered",
        step=0.05,  # times occasions and persons it would be forms
    ),
)


def time_covered(study: Study, arrays: OccasionArrays) -> pl.DataFrame:
    """Share of the planned time within recall, for each type of exposure with a recall window.

    Returns
    -------
    DataFrame
        The columns `TIME_COVERED_COLUMNS`; no row where planned days are not known. Persons without
        a valid occasion are not among those that the mean is over.
    """
    empty = pl.DataFrame(schema={"type": pl.String, "planned": pl.Float64, "answered": pl.Float64})
    types = coverage(study)
    if not types or not arrays.person.size:
        return empty
    n = count_distinct(arrays.person)
    days = np.array([0.0 if one.day is None else one.day for one in study.occasions])
    rows = []
    for one in types:
        instrument = study.instruments[one.instrument]
        asked = np.array([instrument.is_asked(label) for label in study.labels])
        own = asked[arrays.occasion]
        person, at = arrays.person[own], days[arrays.occasion[own]]
        before = np.full(at.size, days[0])
        same = person[1:] == person[:-1]
        before[1:][same] = at[:-1][same]
        seen = np.maximum(at - np.maximum(at - one.recall_days, before), 0.0)
        rows.append((one.instrument, one.share, float(seen.sum()) / (days[-1] - days[0]) / n))
    return pl.concat([empty, pl.DataFrame(rows, schema=empty.schema, orient="row")])


def covered_words(covered: pl.DataFrame, audience: Audience) -> str:
    """Say on how much of the time answers look back, as planned and as answered."""
    if not covered.height:
        return ""
    told = [
        f"{row['type']} {percent(row['planned'])} as planned and "
        f"{percent(audience.rounded(row['answered'], TIME_COVERED_COLUMNS[-1]))} as answered"
        for row in covered.rows(named=True)
    ]
    return (
        "Of the time from the first to the last planned occasion, answers look back on: "
        f"{enumeration(told)} (mean over persons, missed occasions counted as not covered). What "
        "each would tell of the rest is not in exposure."
    )
