"""Columns that are missing together and nearly give each other, drawn one beside the other.

Exposure and its square, or two weightings of the same stressors, correlate so much that chains
which draw each from the other hardly move. What each has beside those before it is drawn at once,
and tells the same: a set is a set in any coordinates of such columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.models.imputation.completed import CompletedSets

Float = NDArray[np.float64]
EXACT = 1e-9  # SD beside the columns before, as a share of its own, of what follows from these


@dataclass(frozen=True, kw_only=True, eq=False)
class Apart:
    """Columns of which some are told beside others.

    Attributes
    ----------
    values : array (n, p)
        As they are, NaN where missing.
    beside : array (n, p)
        The same with some columns less what those before tell of them.
    lines : tuple of (int, float, dict)
        By place of such a column: its mean, and the share of each column before.
    centres : array (p,)
        Means of `beside`.
    drawn : array of int (q,)
        Columns that are not computed from others exactly.
    """

    values: Float
    beside: Float
    lines: tuple[tuple[int, float, dict[int, float]], ...]
    centres: Float
    drawn: NDArray[np.intp]

    @classmethod
    def of(cls, values: Float, related: Sequence[int]) -> Apart:
        """Take columns apart, in their order, that are missing in the same rows as the first."""
        beside, lines = values.copy(), []
        same = [p for p in related if _known(values, p) == _known(values, related[0])]
        left_out: list[int] = []
        for number, place in enumerate(same[1:], start=1):
            known = np.isfinite(values[:, place])
            mean = float(np.mean(values[known, place]))
            own, shares = values[known, place] - mean, {}
            for other in same[:number]:
                if other in left_out:
                    continue
                column = beside[known, other] - np.mean(beside[known, other])
                shares[other] = float(np.sum(column * own) / np.sum(column**2))
                own = own - shares[other] * column
            beside[known, place] = own
            lines.append((place, mean, shares))
            if np.std(own) <= EXACT * np.std(values[known, place]):
                left_out.append(place)
        return cls(
            values=values,
            beside=beside,
            lines=tuple(lines),
            centres=np.nanmean(beside, axis=0),
            drawn=np.array([p for p in range(values.shape[1]) if p not in left_out], dtype=np.intp),
        )

    def together(self, sets: CompletedSets, names: Sequence[str]) -> CompletedSets:
        """Return sets of `beside` in the columns as they are."""
        if not self.lines:
            return sets
        gaps = np.isnan(self.values.T)
        imputed = []
        for number in range(sets.n_sets):
            whole = np.where(np.isnan(self.beside), 0.0, self.beside)
            whole[:, self.drawn] = sets.array(number)
            made = whole.copy()
            for place, mean, shares in self.lines:
                own = whole[:, place] if place in self.drawn else 0.0
                told = [b * (whole[:, other] - self.centres[other]) for other, b in shares.items()]
                made[:, place] = mean + own + np.sum(told, axis=0)
            imputed.append(made.T[gaps])
        return replace(
            sets,
            original=self.values,
            columns=tuple(names),
            observed=self.values,
            imputed=np.array(imputed),
        )


def _known(values: Float, place: int) -> bytes:
    return np.isfinite(values[:, place]).tobytes()
