"""What a line foretells in units that had no part in it: repeated cross-validation, and gains.

Everything is made from cross-products by part, so that hundreds of fits cost no more than a few.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
FOLDS, REPEATS = 10, 20
NOTHING = 1e-10  # of the columns' scale: directions that a training set does not have
STREAM = 0x401D
ROUNDING = 1e-12  # of the outcome's variance: losses that differ by this do not differ


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
    se : float
        Over units, by their held-out losses (delta method).
    interval : (float, float)
        95 % interval (t).
    p : float
        Two-sided p of no gain (t); 1 where nothing differs.
    splits : (float, float)
        Lowest and highest gain over the random splits.
    """

    without: float
    within: float
    gain: float
    se: float
    interval: tuple[float, float]
    p: float
    splits: tuple[float, float]


@short_repr("n")
@dataclass(frozen=True, kw_only=True, eq=False)
class HeldOut:
    """Squared errors of lines in units that had no part in them.

    Attributes
    ----------
    losses : mapping of str to array (repeats, n)
        By the name of the line.
    mean : array (repeats, n)
        Of the mean of the other units.
    """

    losses: Mapping[str, Float]
    mean: Float

    @property
    def n(self) -> int:
        """Units."""
        return int(self.mean.shape[1])

    def r_squared(self, name: str) -> float:
        """Share of the variance that a line foretells, over all splits."""
        return float(1.0 - np.sum(self.losses[name]) / np.sum(self.mean))

    def gain(self, without: str, within: str) -> HeldOutGain:
        """Compare two lines over the same units.

        The error is that of the mean over units of the difference of their losses, averaged over
        the splits, in units of the mean's loss. It leaves out that training sets overlap, which
        matters little where terms are few beside units (Bates, Hastie and Tibshirani 2024).
        """
        from scipy.special import stdtr, stdtrit

        apart = self.losses[without] - self.losses[within]
        by_split = apart.sum(axis=1) / self.mean.sum(axis=1)
        own, base = apart.mean(axis=0), self.mean.mean(axis=0)
        scale = float(base.mean())
        gain = float(own.mean()) / scale
        pull = (own - gain * base) / scale
        df = self.n - 1
        se = float(np.sqrt(np.sum(pull**2) / df / self.n))
        same = float(np.max(np.abs(own))) <= ROUNDING * scale
        half = 0.0 if same else float(stdtrit(df, 0.975)) * se
        return HeldOutGain(
            without=self.r_squared(without),
            within=self.r_squared(within),
            gain=0.0 if same else gain,
            se=0.0 if same else se,
            interval=(0.0, 0.0) if same else (gain - half, gain + half),
            p=1.0 if same or se == 0 else float(2 * stdtr(df, -abs(gain) / se)),
            splits=(0.0, 0.0) if same else (float(by_split.min()), float(by_split.max())),
        )


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
