"""Flow of participants: how many persons gave what at each planned occasion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.columns import Column, Kind
from salutogen.counts import Forms, forms_of
from salutogen.scores.answers import BoolArray

FLOW_COLUMNS = (
    Column(name="occasion_index", meaning="Place of the occasion in the plan", kind=Kind.LABEL),
    Column(
        name="occasion", meaning="Planned occasion", unit="label", kind=Kind.LABEL,
        heading="Occasion",
    ),
    Column(
        name="planned", meaning="Persons in the study", unit="persons", kind=Kind.COUNT,
        heading="Persons planned",
    ),
    Column(
        name="answered", meaning="Persons who answered an item", unit="persons", kind=Kind.COUNT,
        heading="Answered anything", of="planned", adds_up=1, nested="counts",
    ),
    Column(
        name="with_P", meaning="Persons with a problem score", unit="persons", kind=Kind.COUNT,
        heading="With problems P", of="answered", nested="counts",
    ),
    Column(
        name="with_E", meaning="Persons with an exposure score", unit="persons", kind=Kind.COUNT,
        heading="With exposure E", of="answered", nested="counts",
    ),
    Column(
        name="valid", meaning="Persons with both", unit="persons", kind=Kind.COUNT,
        heading="With both (valid)", of=("with_P", "with_E"), adds_up=1,
        nested="counts",
    ),
)  # fmt: skip


def participant_flow(
    labels: Sequence[str],
    n_persons: int,
    occasion: NDArray[Any],
    *,
    with_p: BoolArray,
    with_e: BoolArray,
    valid: BoolArray,
) -> pl.DataFrame:
    """Count persons by planned occasion.

    Parameters
    ----------
    labels : sequence of str
        Planned occasions.
    n_persons : int
        Persons in the panel: planned at each occasion.
    occasion : (n,) integers
        Place in the plan of each scored row, that is of each person's answered form.
    with_p, with_e, valid : (n,) bool
        Rows that have P, E, and both.

    Returns
    -------
    DataFrame
        One row per planned occasion, columns `FLOW_COLUMNS`.
    """
    n = len(labels)

    def at(mask: BoolArray) -> NDArray[np.int64]:
        return np.bincount(occasion[mask], minlength=n).astype(np.int64)

    return pl.DataFrame(
        {
            "occasion_index": np.arange(n, dtype=np.uint16),
            "occasion": list(labels),
            "planned": np.full(n, n_persons, dtype=np.int64),
            "answered": at(np.ones(len(occasion), dtype=bool)),
            "with_P": at(with_p),
            "with_E": at(with_e),
            "valid": at(valid),
        }
    )


def forms_of_study(table: pl.DataFrame, n_persons: int, occasions: int) -> tuple[Forms, ...]:
    """Planned, answered and valid forms, each with how many persons have others than these.

    Parameters
    ----------
    table : DataFrame
        Answered forms: `person` and `valid`.
    n_persons, occasions : int
    """
    person = table["person"].to_numpy()
    answered = np.bincount(person, minlength=n_persons)
    return (
        Forms(n_persons * occasions, persons=n_persons),
        Forms(
            table.height,
            persons=int(np.count_nonzero(answered)),
            others=int(np.count_nonzero(answered < occasions)),
        ),
        forms_of(table["valid"].to_numpy(), person),
    )
