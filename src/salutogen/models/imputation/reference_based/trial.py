"""Read a trial: one row per person with an arm and an outcome at each occasion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.categories import as_text
from salutogen.models.formula.columns import (
    complete_rows,
    numeric,
    read_columns,
    refuse_words,
)
from salutogen.names import nearest

Float = NDArray[np.float64]
Int = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What is known of the persons.

    Attributes
    ----------
    values : array (n, p)
        Covariates first, then the outcome occasion by occasion; NaN where missing.
    n_covariates : int
    arm : integer array (n,)
        0 is the reference.
    arms : tuple of str
        Labels, the reference first.
    rows : integer array (n,)
        Rows of the data, counted from 0.
    messages : tuple of str
    """

    values: Float
    n_covariates: int
    arm: Int
    arms: tuple[str, ...]
    rows: Int
    messages: tuple[str, ...]

    @property
    def outcomes(self) -> Float:
        """The outcome (n, occasions)."""
        return self.values[:, self.n_covariates :]


def read_trial(
    data: Any, outcomes: Sequence[str], arm: str, reference: str, covariates: Sequence[str]
) -> Trial:
    """Read a frame.

    Raises
    ------
    ModelError
        Columns that are absent, no numbers, infinite or constant; fewer than two occasions or arms;
        no such reference; covariates with gaps; nothing missing.
    """
    named = [*covariates, *outcomes]
    if len(outcomes) < 2 or len({*named, arm}) < len(named) + 1:
        raise ModelError(
            "outcomes: expected the outcome at baseline and at one later occasion or more, in "
            "order; each column once."
        )
    frame = read_columns(data, [arm, *named], labels=(arm,))
    refuse_words(frame, named)
    complete_rows(frame)  # refuses infinite values
    values = np.column_stack([numeric(frame, name) for name in named])
    _refuse_gaps_of_covariates(values, covariates)
    labels, codes = _arms(frame[arm], str(reference))
    told = np.isfinite(values[:, len(covariates) :]).any(axis=1)
    kept = told & (codes >= 0)
    if np.isfinite(values[kept]).all():
        raise ModelError("No outcome is missing: compare the arms as they are.")
    said = []
    lost = int((~kept).sum())
    if lost:
        who = "1 person" if lost == 1 else f"{lost} persons"
        said.append(f"Left out: {who} without an arm or without any outcome.")
    few = [
        f"{label} ({int((codes[kept] == place).sum())})"
        for place, label in enumerate(labels)
        if (codes[kept] == place).sum() < len(named) + 2
    ]
    if few:
        raise ModelError(
            f"Too few persons in arm {', '.join(few)} for {len(named)} variables: name fewer "
            "occasions or covariates."
        )
    return Trial(
        values=values[kept],
        n_covariates=len(covariates),
        arm=codes[kept],
        arms=labels,
        rows=np.flatnonzero(kept),
        messages=tuple(said),
    )


def _refuse_gaps_of_covariates(values: Float, covariates: Sequence[str]) -> None:
    gaps = [
        f"{name} ({int(np.isnan(values[:, j]).sum())})"
        for j, name in enumerate(covariates)
        if np.isnan(values[:, j]).any()
    ]
    if gaps:
        raise ModelError(
            f"covariates: {', '.join(gaps)} missing. Complete them, or leave these persons out."
        )


def _arms(column: pl.Series, reference: str) -> tuple[tuple[str, ...], Int]:
    """Labels, the reference first, and each person's place among them, -1 without one."""
    texts = as_text(column)
    used = sorted(texts.drop_nulls().unique().to_list())
    if reference not in used:
        near = nearest(reference, used)
        hint = f" Did you mean {near!r}?" if near else ""
        raise ModelError(
            f"reference: no person is in an arm {reference!r}; arms are {', '.join(used)}.{hint}"
        )
    if len(used) < 2:
        raise ModelError(f"{column.name}: only one arm, {reference!r}: nothing to compare.")
    labels = (reference, *(label for label in used if label != reference))
    place = {label: index for index, label in enumerate(labels)}
    return labels, np.array([place.get(t, -1) for t in texts.to_list()], dtype=np.intp)
