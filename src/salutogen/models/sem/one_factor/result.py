"""How far items measure alike, step by step and item by item."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import polars as pl

from salutogen.models.sem.comparison import compare_structural_fits
from salutogen.models.sem.result import StructuralFit
from salutogen.models.short_repr import short_repr

# How much worse fit may be for a step to hold (Chen 2007).
MOST_FALL = 0.010  # of CFI
MOST_RISE = 0.015  # of RMSEA
INDICES = ("chi_square", "cfi", "rmsea", "rmsea_low", "rmsea_high", "srmr")

COLUMNS = {
    "model": pl.String,
    "n_parameters": pl.Int64,
    "chi_square": pl.Float64,
    "df": pl.Int64,
    "p": pl.Float64,
    "cfi": pl.Float64,
    "rmsea": pl.Float64,
    "rmsea_low": pl.Float64,
    "rmsea_high": pl.Float64,
    "srmr": pl.Float64,
    "bic": pl.Float64,
    "difference": pl.Float64,
    "difference_df": pl.Int64,
    "p_value": pl.Float64,
    "cfi_change": pl.Float64,
    "rmsea_change": pl.Float64,
}
ITEM_COLUMNS = {
    "item": pl.String,
    "chi_square": pl.Float64,
    "df": pl.Int64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "biased": pl.Boolean,
}
_WHERE = {"occasion": pl.String, "group": pl.String}
SHIFT_COLUMNS = {
    "item": pl.String,
    **_WHERE,
    "shift": pl.Float64,
    "shift_error": pl.Float64,
    "factor": pl.Float64,
    "factor_error": pl.Float64,
}
SUM_COLUMNS = _WHERE | {
    name: pl.Float64 for part in ("total", "factor", "items") for name in (part, f"{part}_error")
}


class FitOfStep(Protocol):
    """What a step's model has, whatever its items are."""

    @property
    def n_parameters(self) -> int:
        """Number of free parameters."""

    @property
    def fit_indices(self) -> dict[str, float]:
        """Indices of fit by name."""

    @property
    def messages(self) -> tuple[str, ...]:
        """What is doubtful."""


class Difference(Protocol):
    """A test of what a model holds equal."""

    @property
    def chi_square(self) -> float:
        """The statistic."""

    @property
    def df(self) -> int:
        """Its degrees of freedom."""

    @property
    def p_value(self) -> float:
        """Probability of more where it is equal."""


@dataclass(frozen=True, kw_only=True)
class SteppedResult[Fit: FitOfStep](ABC):
    """Models in which more and more is equal, and tests of items.

    Attributes
    ----------
    fits : dict of fits
        By step, each with more held equal than the one before.
    items : polars.DataFrame
        `item, chi_square, df, p_value, p_adjusted` (false-discovery rate over the items that were
        tested together), `biased`: whether an item has parameters of its own where the others that
        are not biased are equal. Missing where an item's model could not be fitted.
    shifts : polars.DataFrame
        By item and place (`occasion`, `group`) beside the first: `shift`, how much higher the item
        is answered there at the same factor, from the model in which it alone (and what was called
        before it) is free; `factor`, the difference of the sum of all items that is the factor's
        in that model; each with `_error`.
    sums : polars.DataFrame
        By place beside the first, in the model in which all biased items are free: difference of
        the mean of the sum of all items (`total`), and its parts: the factor's, and that of items
        that are answered differently (`items`), each with `_error`. Choosing items by tests is not
        in the errors.
    partial : fit
        The model in which all biased items are free.
    """

    fits: dict[str, Fit]
    items: pl.DataFrame
    shifts: pl.DataFrame
    sums: pl.DataFrame
    partial: Fit

    @property
    @abstractmethod
    def scaled(self) -> bool:
        """Whether indices of fit are the scaled ones."""

    @abstractmethod
    def _difference(self, smaller: Fit, larger: Fit) -> Difference:
        """Test a step against the one before."""

    def _bic(self, fit: Fit) -> float | None:
        """Schwarz's criterion; None where there is no likelihood."""
        del fit
        return None

    @property
    def biased(self) -> tuple[str, ...]:
        """Items that do not measure alike; as `own` they are kept out of what is equal."""
        return tuple(self.items.filter(pl.col("biased"))["item"].to_list())

    @property
    def steps(self) -> pl.DataFrame:
        """One row per model: its fit, and the test against the model before (`difference`).

        Indices are scaled where all models have scaled ones.
        """
        rows: list[dict[str, object]] = []
        for name, fit in self.fits.items():
            row: dict[str, object] = dict.fromkeys(COLUMNS)
            row.update(model=name, n_parameters=fit.n_parameters, bic=self._bic(fit))
            row.update({key: self._index(fit, key) for key in (*INDICES, "p")})
            row["df"] = int(fit.fit_indices["df"]) if "df" in fit.fit_indices else None
            rows.append(row)
        fits = list(self.fits.values())
        for row, (larger, smaller) in zip(rows[1:], pairwise(fits), strict=True):
            test = self._difference(smaller, larger)
            row.update(difference=test.chi_square, difference_df=test.df, p_value=test.p_value)
            for key in ("cfi", "rmsea"):
                row[f"{key}_change"] = self._index(smaller, key) - self._index(larger, key)
        return pl.DataFrame(rows, schema=COLUMNS).with_columns(pl.col(pl.Float64).fill_nan(None))

    @property
    def established(self) -> str:
        """The last step that fits hardly worse than the one before.

        CFI falls by no more than .010 and RMSEA rises by no more than .015 (Chen 2007).
        """
        held, *names = self.fits
        for name, (larger, smaller) in zip(names, pairwise(self.fits.values()), strict=True):
            fall = self._index(larger, "cfi") - self._index(smaller, "cfi")
            rise = self._index(smaller, "rmsea") - self._index(larger, "rmsea")
            if not (fall <= MOST_FALL and rise <= MOST_RISE):
                break
            held = name
        return held

    def _index(self, fit: Fit, name: str) -> float:
        scaled = f"{name}_scaled" if self.scaled and name != "srmr" else name
        return fit.fit_indices.get(scaled, float("nan"))


@short_repr("established", "biased")
@dataclass(frozen=True, kw_only=True)
class InvarianceResult(SteppedResult[StructuralFit]):
    """Configural, metric and scalar models of items that are quantities, and tests of items.

    Attributes are those of `SteppedResult`; `fits` has `configural`, `metric`, `scalar` and, where
    it was asked for, `strict`.
    """

    @property
    def scaled(self) -> bool:
        """Whether indices of fit are the scaled ones: with robust errors, where all exist."""
        return all(np.isfinite(fit.fit_indices.get("cfi_scaled", np.nan))
                   for fit in self.fits.values())  # fmt: skip

    def _difference(self, smaller: StructuralFit, larger: StructuralFit) -> Difference:
        return compare_structural_fits(smaller, larger)

    def _bic(self, fit: StructuralFit) -> float | None:
        return fit.bic
