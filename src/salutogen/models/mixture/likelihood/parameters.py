"""Parameters of a Gaussian mixture, packed into one free vector and unpacked by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from salutogen.models.mixture.likelihood._kernels_layout import Plan

Float = NDArray[np.float64]
Int = NDArray[np.int64]

Sharing = Literal["equal", "proportional", "free"]
Order = Literal["share", "level"]


@dataclass(frozen=True, kw_only=True)
class ClassParameters:
    """Parameters of each class, in the order of the classes.

    Attributes
    ----------
    log_share : array (K,)
        Logarithms of the shares, of persons at the mean of all covariates of membership.
    coefficients : array (K, p)
        Fixed effects.
    factors : array (C, q, q)
        Lower triangular factors of the random effects' covariances.
    variances : array (C,)
        Residual variances; C is 1 where all classes have the same factor and variance, else K.
    membership : array (K, m)
        Coefficients of the covariates of membership: a person's log odds of the classes are
        `log_share` + `membership` @ covariates. Without covariates m is 0.
    """

    log_share: Float
    coefficients: Float
    factors: Float
    variances: Float
    membership: Float = field(default_factory=lambda: np.zeros((0, 0)))


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Which parameters are free, and where they stand in the vector that is optimised.

    Order: log shares against the last class, membership coefficients against the last class,
    coefficients, factor(s), log (variance − bound), log proportionality of the classes after the
    first.

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
    n_membership : int
        Number m of covariates of membership.
    """

    classes: int
    shared: tuple[bool, ...]
    blocks: tuple[int, ...]
    random_covariance: Sharing
    residual_variance: Sharing
    lowest: float
    n_membership: int = 0

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
            "membership": (self.classes - 1) * self.n_membership,
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

    @cached_property
    def plan(self) -> Plan:
        """The layout as the kernels read it."""
        from salutogen.models.mixture.likelihood._kernels_layout import Plan

        return Plan(
            classes=self.classes,
            p=self.p,
            q=self.q,
            m=self.n_membership,
            spreads=self.n_spreads,
            one_factor=self.one_factor,
            one_variance=self.one_variance,
            scales=self.scales,
            proportional=self.scales and self.residual_variance == "proportional",
            lowest=float(self.lowest),
            places=self.places,
            entries=np.stack(self.free_entries).astype(np.int64),
            begin=np.array(
                [*(place.start for place in self.slices.values()), self.size], dtype=np.int64
            ),
        )

    def unpack(self, free: Float) -> ClassParameters:
        """Return the parameters of the classes."""
        from salutogen.models.mixture.likelihood._kernels_layout import empty_classes, unpack

        at = empty_classes(self.plan)
        unpack(self.plan, free, at)
        return ClassParameters(**at._asdict())

    def pack(self, parameters: ClassParameters) -> Float:
        """Return the free vector of parameters that obey the layout."""
        free = np.zeros(self.size)
        place = self.slices
        free[place["share"]] = parameters.log_share[:-1] - parameters.log_share[-1]
        if self.n_membership and parameters.membership.size:
            relative = parameters.membership[:-1] - parameters.membership[-1]
            free[place["membership"]] = relative.ravel()
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

    def jacobian(self, free: Float) -> Float:
        """Derivatives (K, p + q² + 2 + m, size) of the classes' own parameters by the free ones.

        A class's own parameters are its log share (before shares are made to add up to 1),
        coefficients, factor (q, q) by rows, residual variance and membership coefficients.
        """
        from salutogen.models.mixture.likelihood._kernels_layout import gather

        width = self.p + self.q**2 + 2 + self.n_membership
        own = np.zeros((self.classes, width))
        J = np.empty((self.classes, width, self.size))
        for k in range(self.classes):
            for i in range(width):
                own[k, i] = 1.0
                gather(self.plan, free, own, J[k, i])
                own[k, i] = 0.0
        return J
