"""How far items measure alike, step by step and item by item."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from salutogen.models.sem.comparison import compare_structural_fits
from salutogen.models.sem.result import StructuralFit
from salutogen.models.short_repr import short_repr

WORSE = 0.01  # fall of CFI from which a step does not hold (Cheung & Rensvold 2002)

COLUMNS = {
    "model": pl.String,
    "n_parameters": pl.Int64,
    "chi_square": pl.Float64,
    "df": pl.Int64,
    "cfi": pl.Float64,
    "rmsea": pl.Float64,
    "srmr": pl.Float64,
    "bic": pl.Float64,
    "difference": pl.Float64,
    "difference_df": pl.Int64,
    "p_value": pl.Float64,
    "cfi_change": pl.Float64,
}

ITEM_COLUMNS = {
    "item": pl.String,
    "chi_square": pl.Float64,
    "df": pl.Int64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "biased": pl.Boolean,
}


@short_repr("established", "biased")
@dataclass(frozen=True, kw_only=True)
class InvarianceResult:
    """Configural, metric and scalar models, and tests of items.

    Attributes
    ----------
    fits : dict of StructuralFit
        `configural`, `metric`, `scalar`.
    items : polars.DataFrame
        `item, chi_square, df, p_value, p_adjusted` (false-discovery rate over the items that were
        tested together), `biased`: whether an item has loadings or intercepts of its own where the
        others that are not biased are equal.
    """

    fits: dict[str, StructuralFit]
    items: pl.DataFrame

    @property
    def biased(self) -> tuple[str, ...]:
        """Items that do not measure alike; as `own` they are kept out of what is equal."""
        return tuple(self.items.filter(pl.col("biased"))["item"].to_list())

    @property
    def steps(self) -> pl.DataFrame:
        """One row per model: its fit, and the test against the model before (`difference`)."""
        rows: list[dict[str, object]] = []
        for name, fit in self.fits.items():
            index = fit.fit_indices
            row: dict[str, object] = dict.fromkeys(COLUMNS)
            row.update(model=name, n_parameters=fit.n_parameters, bic=fit.bic)
            row.update({key: index[key] for key in ("chi_square", "cfi", "rmsea", "srmr")
                        if key in index})  # fmt: skip
            row["df"] = int(index["df"]) if "df" in index else None
            rows.append(row)
        fits = list(self.fits.values())
        for row, (larger, smaller) in zip(rows[1:], pairwise(fits), strict=True):
            test = compare_structural_fits(smaller, larger)
            row.update(difference=test.chi_square, difference_df=test.df, p_value=test.p_value)
            row["cfi_change"] = self._change(larger, smaller)
        return pl.DataFrame(rows, schema=COLUMNS).with_columns(pl.col(pl.Float64).fill_nan(None))

    @property
    def established(self) -> str:
        """The last step at which CFI falls by no more than .01 (Cheung & Rensvold 2002)."""
        held = "configural"
        for name, (larger, smaller) in zip(
            list(self.fits)[1:], pairwise(self.fits.values()), strict=True
        ):
            if not self._change(larger, smaller) >= -WORSE:
                break
            held = name
        return held

    @staticmethod
    def _change(larger: StructuralFit, smaller: StructuralFit) -> float:
        values = [fit.fit_indices.get("cfi", float("nan")) for fit in (larger, smaller)]
        return values[1] - values[0]
