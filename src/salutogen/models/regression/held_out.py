"""What a line foretells in units that had no part in it: repeated cross-validation, and gains.

Everything is made from cross-products by part, so that hundreds of fits cost no more than a few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.regression.explained import explained_share
from salutogen.models.regression.least_squares import fit_least_squares
from salutogen.models.regression.sandwich import (
    hc3_covariance,
    joint_degrees_of_freedom,
    wald_test,
)
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
FOLDS, REPEATS = 10, 20
NOTHING = 1e-10  # of the columns' scale: directions that a training set does not have
STREAM = 0x401D
REDUNDANT = 1e-8  # what the others leave of a column that they tell


@short_repr("gain", "interval", "p")
@dataclass(frozen=True, kw_only=True)
class HeldOutGain:
    """What further terms add to what is foretold, as shares of the outcome's variance.

    Attributes
    ----------
    without, within : float
        R² in units that had no part in the fit; below 0 where their mean foretells better.
    gain : float
        `within` less `without`.
    interval : (float, float)
        Its 95 % interval over units.
    p : float or None
        p of no gain: Wald F of the further terms with errors for unequal scatter (HC3). 1 where
        they add nothing by arithmetic, None where a term rests on one unit alone.
    splits : (float, float)
        Lowest and highest gain over the random splits.
    """

    without: float
    within: float
    gain: float
    interval: tuple[float, float]
    p: float | None
    splits: tuple[float, float]


@short_repr("n")
@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """Squared errors of lines in units that had no part in them.

    Attributes
    ----------
    y : array (n,)
    designs : mapping of str to array (n, p)
        Terms of each line, the constant left out.
    losses : mapping of str to array (repeats, n)
        By the name of the line.
    mean : array (repeats, n)
        Of the mean of the other units.
    folds : int
    """

    y: Float
    designs: Mapping[str, Float]
    losses: Mapping[str, Float]
    mean: Float
    folds: int

    @property
    def n(self) -> int:
        """Units."""
        return int(self.mean.shape[1])

    def r_squared(self, name: str) -> float:
        """Share of the variance that a line foretells, over all splits."""
        return float(1.0 - np.sum(self.losses[name]) / np.sum(self.mean))

    def gain(self, without: str, within: str) -> HeldOutGain:
        """Compare a line with one that has further terms, over the same units.

        Notes
        -----
        Differences of held-out losses have errors that are small where the gain happens to be
        small, so that intervals made from them miss the truth too often. The interval is that of
        the share which the further terms explain in all units (`explained_share`), less what it
        costs to estimate their coefficients: ``(1 − R²) q / n`` for q terms from n units. A share
        is never below 0, while a gain by chance is below the least that can be true, −cost, where
        terms are useless: limits lie at least as far from the gain as those of the share from it.
        """
        base = independent(np.column_stack([np.ones(self.n), self.designs[without]]))
        both = independent(np.column_stack([base, self.designs[within]]))
        q = both.shape[1] - base.shape[1]
        told = {"without": self.r_squared(without), "within": self.r_squared(within)}
        if q == 0:
            return HeldOutGain(**told, gain=0.0, interval=(0.0, 0.0), p=1.0, splits=(0.0, 0.0))
        apart = (self.losses[without] - self.losses[within]).sum(axis=1) / self.mean.sum(axis=1)
        gain = told["within"] - told["without"]
        names = tuple(f"term {place}" for place in range(both.shape[1]))
        added = np.arange(both.shape[1]) >= base.shape[1]
        fit = fit_least_squares(self.y, both, names=names)
        share = explained_share(self.y, both, added.tolist(), names=names)
        cost = (1 - fit.adjusted_r_squared) * q / (self.n * (1 - 1 / self.folds))
        low, high = (share.share, share.share) if share.interval is None else share.interval
        below, above = share.share - low, high - share.share
        tested = np.ix_(added, added)
        wald = wald_test(
            fit.coefficients[added], hc3_covariance(fit, both)[tested],
            joint_degrees_of_freedom(both, added),
        )  # fmt: skip
        return HeldOutGain(
            **told,
            gain=gain,
            interval=(min(low - cost, gain - below), max(high - cost, gain + above)),
            p=None if wald is None else wald.p,
            splits=(float(apart.min()), float(apart.max())),
        )


def independent(columns: Float) -> Float:
    """Leave out columns (n, p) that can be computed from those before them; others are scaled."""
    kept: list[Float] = []
    basis: list[Float] = []
    for column in columns.T:
        spread = float(np.std(column))
        own = (column - column.mean()) / spread if spread > 0 else column
        left = own
        for _ in range(2):
            for one in basis:
                left = left - np.sum(one * left) * one
        length = float(np.sqrt(np.sum(left**2)))
        if length > REDUNDANT * float(np.sqrt(np.sum(own**2))):
            basis.append(left / length)
            kept.append(own)
    return np.column_stack(kept)


def held_out(
    y: ArrayLike,
    designs: Mapping[str, ArrayLike],
    *,
    folds: int = FOLDS,
    repeats: int = REPEATS,
    seed: int = 1,
) -> HeldOut:
    """Fit least-squares lines to all parts of the units but one and foretell that one, repeatedly.

    Parameters
    ----------
    y : array (n,)
    designs : mapping of str to array (n, p)
        Terms of each line beside the constant; all lines see the same splits. Terms that can be
        computed from the others change nothing.
    folds, repeats : int
        Parts, and random splits.
    seed : int

    Raises
    ------
    ModelError
        Values are missing, the outcome does not vary, or units are too few for the parts.
    """
    outcome = np.asarray(y, dtype=float)
    n = outcome.size
    if n < 2 * folds or not np.isfinite(outcome).all():
        raise ModelError(f"Expected at least {2 * folds} known outcomes, got {n}.")
    if float(np.ptp(outcome)) == 0:
        raise ModelError(f"The outcome is constant over {n} units: nothing can be foretold.")
    rng = np.random.default_rng([seed, STREAM])
    part = np.stack([rng.permutation(np.arange(n) % folds) for _ in range(repeats)])
    centred = outcome - outcome.mean()
    nothing = np.empty((n, 0))
    return HeldOut(
        y=outcome,
        designs={name: np.asarray(X, dtype=float).reshape(n, -1) for name, X in designs.items()},
        folds=folds,
        losses={name: _losses(centred, X, part, folds) for name, X in designs.items()},
        mean=_losses(centred, nothing, part, folds),
    )


def _losses(y: Float, X: ArrayLike, part: NDArray[np.int64], folds: int) -> Float:
    """Squared errors (repeats, n) of a line in the part that was left out."""
    columns = np.asarray(X, dtype=float).reshape(y.size, -1)
    if not np.isfinite(columns).all():
        raise ModelError("A term is missing or infinite in some units.")
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(y.size), scaled])
    both = np.column_stack([design, y])
    p = design.shape[1]
    products = np.einsum("ni,nj->nij", both, both).reshape(y.size, -1)
    whole = products.sum(axis=0)
    found = np.empty(part.shape)
    for repeat, own in enumerate(part):
        inside = np.stack(
            [np.bincount(own, column, minlength=folds) for column in products.T], axis=1
        )
        rest = (whole - inside).reshape(folds, p + 1, p + 1)
        inverse = np.linalg.pinv(rest[:, :p, :p], rcond=NOTHING, hermitian=True)
        coefficients = np.einsum("fij,fj->fi", inverse, rest[:, :p, p])
        found[repeat] = (y - np.einsum("ni,ni->n", design, coefficients[own])) ** 2
    return found
