"""Which parameters a continuous-time model has, what they are called and where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Dynamics:
    """A continuous-time model of k processes with p inputs, q of them pulses.

    Attributes
    ----------
    drift : array (kinds, k, k)
        Of each kind of persons: how fast each process (row) moves per unit of each (column).
    inputs : array (kinds, k, p)
        How fast (pulses: how far) each process moves per unit of each input.
    diffusion : array (k, k)
        Covariance of what comes from elsewhere, per unit of time.
    error : array (k,)
        Variances of measurement.
    mean : array (kinds, k)
        Means of persons where no input acts.
    levels : array (k, k)
        Covariance of persons' means; zeros where they do not differ.
    first, first_covariance : array (k,), (k, k), or None
        Deviation from the mean at a person's first row, where it is not that of rest.
    """

    drift: Float
    inputs: Float
    diffusion: Float
    error: Float
    mean: Float
    levels: Float
    first: Float | None
    first_covariance: Float | None


@dataclass(frozen=True)
class Layout:
    """The parameters of a model.

    Attributes
    ----------
    processes, inputs : tuple of str
    pulses : tuple of str
        Those of the inputs that act at once.
    measured_with_error : tuple of str
        Processes whose values hold error of measurement.
    random_means, free_first : bool
        Whether persons differ in their means; whether the first row has a distribution of its own.
    moderated : tuple of (str, str)
        Names of drift, input effects and means with the factors that they depend on.
    """

    processes: tuple[str, ...]
    inputs: tuple[str, ...]
    pulses: tuple[str, ...]
    measured_with_error: tuple[str, ...]
    random_means: bool
    free_first: bool
    moderated: tuple[tuple[str, str], ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        found = [*self.plain_names("drift"), *self.plain_names("inputs"), *self._pairs("diffusion")]
        found += [f"error({name})" for name in self.measured_with_error]
        found += self.plain_names("mean")
        if self.random_means:
            found += self._pairs("var", "cov")
        if self.free_first:
            found += [f"first({name})" for name in self.processes]
            found += self._pairs("first_var", "first_cov")
        return (*found, *(f"{name}:{factor}" for name, factor in self.moderated))

    def plain_names(self, part: str) -> tuple[str, ...]:
        """Names of `drift`, `inputs` or `mean`, row by row."""
        if part == "mean":
            return tuple(f"mean({name})" for name in self.processes)
        sources = self.processes if part == "drift" else self.inputs
        return tuple(f"{to}<-{source}" for to in self.processes for source in sources)

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Number of parameters by part, in order."""
        k, p = len(self.processes), len(self.inputs)
        pairs = k * (k + 1) // 2
        return {
            "drift": k * k,
            "inputs": k * p,
            "diffusion": pairs,
            "error": len(self.measured_with_error),
            "mean": k,
            "levels": pairs * self.random_means,
            "first": k * self.free_first,
            "first_covariance": pairs * self.free_first,
            "moderated": len(self.moderated),
        }

    @cached_property
    def places(self) -> dict[str, slice]:
        """Where each part stands."""
        ends = np.cumsum([0, *self.sizes.values()]).tolist()
        return {part: slice(ends[i], ends[i + 1]) for i, part in enumerate(self.sizes)}

    @cached_property
    def covariance_parts(self) -> tuple[str, ...]:
        """Parts that are covariances: their roots are sought, so that none leaves its bounds."""
        return tuple(
            part for part in ("diffusion", "levels", "first_covariance") if self.sizes[part]
        )

    @cached_property
    def variance_places(self) -> frozenset[int]:
        """Places of variances: what is not below 0."""
        diagonal = np.flatnonzero(self.lower[0] == self.lower[1])
        found = set(range(self.places["error"].start, self.places["error"].stop))
        for part in self.covariance_parts:
            found.update((self.places[part].start + diagonal).tolist())
        return frozenset(found)

    @cached_property
    def error_places(self) -> Int:
        """Which processes have error of measurement."""
        return np.array(
            [self.processes.index(name) for name in self.measured_with_error], dtype=int
        )

    def unpack(self, natural: Float, patterns: Float) -> Dynamics:
        """Return the model at parameters (m,) for kinds of persons by factors (kinds, factors)."""
        k, at = len(self.processes), self.places
        error = np.zeros(k)
        error[self.error_places] = natural[at["error"]]
        parts = {}
        for part, shape in (("drift", (k, k)), ("inputs", (k, len(self.inputs))), ("mean", (k,))):
            parts[part] = np.tile(
                natural[at[part]].reshape(shape), (len(patterns),) + (1,) * len(shape)
            )
        for j, (part, place) in enumerate(self._moderated_places):
            more = natural[at["moderated"].start + j] * patterns[:, j]
            parts[part].reshape(len(patterns), -1)[:, place] += more
        return Dynamics(
            **parts,
            diffusion=self.symmetric(natural[at["diffusion"]]),
            error=error,
            levels=self.symmetric(natural[at["levels"]]) if self.random_means else np.zeros((k, k)),
            first=natural[at["first"]] if self.free_first else None,
            first_covariance=(
                self.symmetric(natural[at["first_covariance"]]) if self.free_first else None
            ),
        )

    def reordered(self, order: Int, natural: Float) -> tuple[Layout, Float]:
        """Return the same model with its processes in another order, and its parameters (m,)."""
        k, at, found = len(self.processes), self.places, natural.copy()
        found[at["drift"]] = natural[at["drift"]].reshape(k, k)[np.ix_(order, order)].ravel()
        found[at["inputs"]] = natural[at["inputs"]].reshape(k, -1)[order].ravel()
        for part in ("mean", "first"):
            found[at[part]] = natural[at[part]][order] if self.sizes[part] else []
        for part in self.covariance_parts:
            whole = self.symmetric(natural[at[part]])
            found[at[part]] = whole[np.ix_(order, order)][self.lower]
        return replace(self, processes=tuple(self.processes[i] for i in order.tolist())), found

    def pack_gradient(self, parts: Mapping[str, Float], patterns: Float) -> Float:
        """Return derivatives over the parameters from those over the parts of the model.

        Symmetric parts hold the derivative over each entry as if it stood alone.
        """
        at, found = self.places, np.zeros(len(self.names))
        for part in ("drift", "inputs", "mean"):
            found[at[part]] = np.sum(parts[part], axis=0).ravel()
        found[at["error"]] = parts["error"][self.error_places]
        for part in self.covariance_parts:
            both = parts[part] + parts[part].T
            found[at[part]] = both[self.lower] / np.where(self.lower[0] == self.lower[1], 2.0, 1.0)
        if self.free_first:
            found[at["first"]] = parts["first"]
        for j, (part, place) in enumerate(self._moderated_places):
            along = parts[part].reshape(len(patterns), -1)[:, place]
            found[at["moderated"].start + j] = np.sum(along * patterns[:, j])
        return found

    @cached_property
    def lower(self) -> tuple[Int, Int]:
        """Rows and columns of a covariance's parameters."""
        rows, columns = np.tril_indices(len(self.processes))
        return rows, columns

    def symmetric(self, entries: Float) -> Float:
        """Return a covariance from its lower triangle, row by row."""
        k = len(self.processes)
        found = np.zeros((k, k))
        found[self.lower] = entries
        return found + np.tril(found, -1).T

    @cached_property
    def _moderated_places(self) -> tuple[tuple[str, int], ...]:
        """Part and place within it of each parameter that depends on a factor."""
        where = {
            name: (part, place)
            for part in ("drift", "inputs", "mean")
            for place, name in enumerate(self.plain_names(part))
        }
        return tuple(where[name] for name, _ in self.moderated)

    def _pairs(self, own: str, both: str | None = None) -> list[str]:
        return [
            f"{own}({self.processes[r]})"
            if r == c
            else f"{both or own}({self.processes[c]},{self.processes[r]})"
            for r, c in zip(*(index.tolist() for index in self.lower), strict=True)
        ]
