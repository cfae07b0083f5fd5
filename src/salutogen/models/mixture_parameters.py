"""Parameters of a Gaussian mixture, packed into one free vector and unpacked by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

Sharing = Literal["equal", "proportional", "free"]


@dataclass(frozen=True, kw_only=True)
class ClassParameters:
    """Parameters of each class, in the order of the classes.

    Attributes
    ----------
    log_share : array (K,)
        Logarithms of the shares.
    coefficients : array (K, p)
        Fixed effects.
    factors : array (C, q, q)
        Lower triangular factors of the random effects' covariances.
    variances : array (C,)
        Residual variances; C is 1 where all classes have the same factor and variance, else K.
    """

    log_share: Float
    coefficients: Float
    factors: Float
    variances: Float


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which parameters are free, and where they stand in the vector that is optimised.

    Order: log shares against the last class, coefficients, factor(s), log (variance − bound),
    log proportionality of the classes after the first.

    Attributes
    ----------
    classes : int
        Number of classes K.
    shared : tuple of bool
        For each of the p fixed terms, whether all classes have the same coefficient.
    blocks : tuple of int
        Sizes of the blocks of correlated random terms.
    random_covariance, residual_variance : str
        `equal`, `proportional` or `free`. A `proportional` residual variance has the classes'
        factors of the random covariance where that is proportional too, else factors of its own.
    lowest : float
        Bound below the residual variances.
    """

    classes: int
    shared: tuple[bool, ...]
    blocks: tuple[int, ...]
    random_covariance: Sharing
    residual_variance: Sharing
    lowest: float

    @cached_property
    def p(self) -> int:
        """Number of fixed terms."""
        return len(self.shared)

    @cached_property
    def q(self) -> int:
        """Number of random terms."""
        return sum(self.blocks)

    @cached_property
    def block_of(self) -> Int:
        """Block of each random term."""
        return np.repeat(np.arange(len(self.blocks)), self.blocks).astype(np.int64)

    @cached_property
    def places(self) -> Int:
        """Place (K, p) of each coefficient among the distinct ones."""
        places = np.zeros((self.classes, self.p), dtype=np.int64)
        used = 0
        for j, shared in enumerate(self.shared):
            places[:, j] = used if shared else used + np.arange(self.classes)
            used += 1 if shared else self.classes
        return places

    @cached_property
    def n_places(self) -> int:
        """Number of distinct coefficients."""
        return int(self.places.max()) + 1

    @cached_property
    def free_entries(self) -> tuple[Int, Int]:
        """Rows and columns of the free entries of a factor."""
        rows, columns = np.tril_indices(self.q)
        inside = self.block_of[rows] == self.block_of[columns]
        return rows[inside], columns[inside]

    @cached_property
    def one_factor(self) -> bool:
        """Whether the classes have one factor, up to proportionality."""
        return self.random_covariance != "free" or self.classes == 1 or self.q == 0

    @cached_property
    def one_variance(self) -> bool:
        """Whether the classes have one residual variance, up to a shared proportionality."""
        if self.classes == 1 or self.residual_variance == "equal":
            return True
        return self.residual_variance == "proportional" and self.scales

    @cached_property
    def scales(self) -> bool:
        """Whether the random covariances are proportional."""
        return self.random_covariance == "proportional" and self.q > 0 and self.classes > 1

    @cached_property
    def one_spread(self) -> bool:
        """Whether all classes have the same factor and the same residual variance."""
        return (
            (self.random_covariance == "equal" or self.q == 0) and self.residual_variance == "equal"
        ) or self.classes == 1

    @cached_property
    def slices(self) -> dict[str, slice]:
        """Where each group of parameters stands in the free vector."""
        sizes = {
            "share": self.classes - 1,
            "coefficients": self.n_places,
            "factor": len(self.free_entries[0]) * (1 if self.one_factor else self.classes),
            "variance": 1 if self.one_variance else self.classes,
            "scale": self.classes - 1 if self.scales else 0,
        }
        edges = np.cumsum([0, *sizes.values()]).tolist()
        return {name: slice(a, b) for name, a, b in zip(sizes, edges[:-1], edges[1:], strict=True)}

    @cached_property
    def size(self) -> int:
        """Number of free parameters."""
        return int(self.slices["scale"].stop)

    @cached_property
    def n_spreads(self) -> int:
        """Number of distinct pairs of factor and variance."""
        return 1 if self.one_spread else self.classes

    def _scale(self, free: Float) -> Float:
        scale = np.ones(self.n_spreads)
        if self.scales:
            scale[1:] = np.exp(free[self.slices["scale"]])
        return scale

    def unpack(self, free: Float) -> ClassParameters:
        """Return the parameters of the classes."""
        parts = {name: free[place] for name, place in self.slices.items()}
        logits = np.append(parts["share"], 0.0)
        highest = logits.max()
        n_factors = 1 if self.one_factor else self.classes
        entries = parts["factor"].reshape(n_factors, len(self.free_entries[0]))
        scale = self._scale(free)
        factors = np.zeros((self.n_spreads, self.q, self.q))
        factors[(slice(None), *self.free_entries)] = entries * scale[:, None]
        own = np.exp(parts["variance"])
        shared_scale = scale**2 if self.residual_variance == "proportional" else 1.0
        return ClassParameters(
            log_share=logits - highest - np.log(np.sum(np.exp(logits - highest))),
            coefficients=parts["coefficients"][self.places],
            factors=factors,
            variances=self.lowest + own * shared_scale + np.zeros(self.n_spreads),
        )

    def pack(self, parameters: ClassParameters) -> Float:
        """Return the free vector of parameters that obey the layout."""
        free = np.zeros(self.size)
        place = self.slices
        free[place["share"]] = parameters.log_share[:-1] - parameters.log_share[-1]
        coefficients = np.zeros(self.n_places)
        coefficients[self.places] = parameters.coefficients
        free[place["coefficients"]] = coefficients
        factors = parameters.factors[: 1 if self.one_factor else None]
        free[place["factor"]] = factors[(slice(None), *self.free_entries)].ravel()
        above = np.maximum(parameters.variances - self.lowest, 1e-6 * self.lowest)
        free[place["variance"]] = np.log(above[: 1 if self.one_variance else None])
        if self.scales:
            with np.errstate(divide="ignore", invalid="ignore"):
                sizes = np.sqrt(np.sum(parameters.factors**2, axis=(1, 2)))
                ratio = np.log(sizes[1:] / sizes[0])
            free[place["scale"]] = np.where(np.isfinite(ratio), ratio, 0.0)
        return free

    def gather(self, free: Float, at: ClassParameters, gradient: Float) -> Float:
        """Return the gradient by the free parameters.

        ``jacobian(free).T @ gradient.ravel()`` without the matrix; `gradient` (K, p + q² + 2) is
        by the classes' own parameters.
        """
        p, q = self.p, self.q
        place = self.slices
        out = np.empty(self.size)
        out[place["share"]] = gradient[:-1, 0]
        out[place["coefficients"]] = np.bincount(
            self.places.ravel(), gradient[:, 1 : 1 + p].ravel(), self.n_places
        )
        rows, columns = self.free_entries
        entries = gradient[:, 1 + p + rows * q + columns]
        scale = self._scale(free)
        scaled = entries * scale[:, None]
        out[place["factor"]] = (np.sum(scaled, axis=0) if self.one_factor else scaled).ravel()
        own = np.exp(free[place["variance"]])
        proportional = self.residual_variance == "proportional" and self.scales
        by_variance = gradient[:, -1] * own * (scale**2 if proportional else 1.0)
        out[place["variance"]] = np.sum(by_variance) if self.one_variance else by_variance
        if self.scales:
            by_scale = np.sum(entries * at.factors[:, rows, columns], axis=1)
            out[place["scale"]] = by_scale[1:] + (2 * by_variance[1:] if proportional else 0.0)
        return out

    def jacobian(self, free: Float) -> Float:
        """Derivatives (K (p + q² + 2), size) of the classes' own parameters by the free ones.

        A class's own parameters are its log share, coefficients, factor (q, q) by rows and
        residual variance, as the kernels score them.
        """
        K, p, q = self.classes, self.p, self.q
        width = p + q * q + 2
        J = np.zeros((K, width, self.size))
        place = self.slices
        for k in range(K - 1):
            J[k, 0, place["share"].start + k] = 1.0
        J[np.arange(K)[:, None], 1 + np.arange(p), place["coefficients"].start + self.places] = 1.0
        rows, columns = self.free_entries
        entry = 1 + p + rows * q + columns
        scale = self._scale(free)
        factors = self.unpack(free).factors
        own = np.exp(free[place["variance"]])
        proportional = self.residual_variance == "proportional" and self.scales
        for k in range(K):
            c = k if self.n_spreads > 1 else 0
            first = place["factor"].start + (0 if self.one_factor else k * len(rows))
            J[k, entry, first + np.arange(len(rows))] = scale[c]
            v = 0 if self.one_variance else k
            size = own[v] * (scale[c] ** 2 if proportional else 1.0)
            J[k, width - 1, place["variance"].start + v] = size
            if self.scales and k > 0:
                J[k, entry, place["scale"].start + k - 1] = factors[c][rows, columns]
                if proportional:
                    J[k, width - 1, place["scale"].start + k - 1] = 2 * size
        return J.reshape(K * width, self.size)
