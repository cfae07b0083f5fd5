"""Exponentials of one drift over many lengths of time, by its eigenvalues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

NEAR = 0.05  # half a distance of eigenvalues, within which a series is exact to rounding
WORST = 1e3  # condition of eigenvectors, beyond which digits would be lost


@dataclass(frozen=True)
class Spectrum:
    """A drift A = V diag(values) V⁻¹ that everybody has.

    Attributes
    ----------
    values : array (k,)
    vectors, inverse : array (k, k)
        V and V⁻¹.
    """

    values: Complex
    vectors: Complex
    inverse: Complex

    @classmethod
    def of(cls, drift: Float) -> Self | None:
        """Return the spectrum of drifts (kinds, k, k), if there is one kind with vectors apart."""
        if len(drift) != 1 or not np.isfinite(drift).all():
            return None
        values, vectors = np.linalg.eig(drift[0])
        if not np.linalg.cond(vectors) < WORST:
            return None
        return cls(values.astype(complex), vectors.astype(complex), np.linalg.inv(vectors) + 0j)

    def exponentials(self, lengths: Float) -> Float:
        """Return exp(A t) (gaps, k, k)."""
        k = len(self.values)
        parts = np.exp(self.values * lengths[:, None])
        # Of each eigenvalue the matrix that it goes with.
        outer = np.einsum("im,mj->mij", self.vectors, self.inverse).reshape(k, k * k)
        found: Float = (parts @ outer).real.reshape(-1, k, k)
        return np.ascontiguousarray(found)

    def derivatives(self, lengths: Float, weight: Float) -> Float:
        """Return derivatives of sum(weight * exp(A t)) over A (1, k, k).

        Along eigenvectors i and j they are the slope of exp between both eigenvalues (Daleckii &
        Krein 1965).
        """
        k = len(self.values)
        turned = np.einsum("ai,bj->abij", self.vectors, self.inverse.T).reshape(k * k, k * k)
        along = (weight.reshape(-1, k * k) @ turned).reshape(-1, k, k)
        scaled = self.values * lengths[:, None]
        slope = _slope_of_exp(scaled[:, :, None], scaled[:, None, :]) * lengths[:, None, None]
        total = np.sum(along * slope, axis=0)
        found: Float = (self.inverse.T @ total @ self.vectors.T).real
        return found[None]


def _slope_of_exp(x: Complex, y: Complex) -> Complex:
    """Return (exp(x) − exp(y)) / (x − y), exp(x) where they are one."""
    apart = (x - y) / 2
    near = np.abs(apart) < NEAR
    # Near each other the difference loses digits: exp of the middle times sinh(h)/h, by its series.
    h = np.where(near, apart, 0.0) ** 2
    ratio = 1 + h / 6 * (1 + h / 20 * (1 + h / 42 * (1 + h / 72)))
    found: Complex = np.where(
        near, np.exp((x + y) / 2) * ratio, (np.exp(x) - np.exp(y)) / np.where(near, 1.0, 2 * apart)
    )
    return found
