"""What persons' adherence goes with: their problems, their exposure, their resilience."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.adherence.rates import FEWEST
from salutogen.columns import Column, Kind
from salutogen.models.descriptive import pearson

FEWEST_PERSONS = 10
RELATION_COLUMNS = (
    Column(name="what", meaning="Mean of the person over the occasions", heading="Goes with",
           kind=Kind.LABEL),
    Column(name="n", meaning="Persons with both", unit="persons", heading="Persons",
           kind=Kind.COUNT),
    Column(name="r", meaning="Correlation with the person's share of answered prompts",
           heading="r", n="n"),
)  # fmt: skip
_LEVELS = {"P": "problems P", "E": "exposure E", "SR": "SR"}


def relations(each: pl.DataFrame, levels: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Correlate shares of answered prompts with the persons' levels at the occasions.

    Parameters
    ----------
    each : DataFrame
        `person`, `planned`, `share`.
    levels : DataFrame
        `subject` and the persons' mean P, E and SR.
    persons : DataFrame
        `person` and `subject`.
    """
    known = (
        each.filter(pl.col("planned") >= FEWEST)
        .join(persons.select("person", "subject"), on="person")
        .join(levels, on="subject", how="inner")
    )
    made = []
    for name, words in _LEVELS.items():
        if name not in known.columns:
            continue
        pair = known.select("share", pl.col(name).cast(pl.Float64)).drop_nulls().to_numpy()
        pair = pair[np.isfinite(pair).all(axis=1)]
        r = pearson(pair[:, 0], pair[:, 1]) if len(pair) >= FEWEST_PERSONS else None
        if r is not None:
            made.append((words, len(pair), float(r)))
    return pl.DataFrame(
        made, schema={"what": pl.String, "n": pl.Int64, "r": pl.Float64}, orient="row"
    )
