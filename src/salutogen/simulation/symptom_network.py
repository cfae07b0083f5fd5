"""Symptoms that hold each other up: thresholds, couplings, and stress as a field on all of them.

To teach and to try designs, not to be fitted: see the notes of `SymptomNetwork`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logsumexp

from salutogen.errors import ModelError

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MOST_EXACT = 16  # symptoms of which all states are gone through


@dataclass(frozen=True, kw_only=True, repr=False)
class SymptomNetwork:
    """Symptoms, each there or not, that come and go with stress and with each other.

    A state x of n symptoms has the log-probability Σ x_i (sensitivity_i · stress − threshold_i) +
    Σ_{i<j} coupling_ij x_i x_j, but for a constant (Ising's model with a field). In each unit of
    time every symptom is looked at once on average, and is then there with the probability that
    the others and the stress give it (Glauber's dynamics).

    Attributes
    ----------
    thresholds : array (n,)
        Log-odds against a symptom without stress and without the others.
    couplings : array (n, n)
        By how much each raises the log-odds of the other; symmetric, the diagonal 0.
    sensitivity : array (n,)
        By how much a unit of stress raises the log-odds of each.

    Notes
    -----
    After Borsboom (2017) and Kalisch et al. (2019). From one occasion of many persons such a
    network cannot be told from a common cause: for equal couplings both give the same
    probabilities of all states (Kac's identity; Marsman et al. 2018).

    Examples
    --------
    >>> weak = SymptomNetwork.alike(10, threshold=3.0, coupling=1.0)
    >>> strong = SymptomNetwork.alike(10, threshold=3.0, coupling=6.0)
    >>> float(weak.expected(0.0)) < float(strong.expected(0.0)) < 10
    True
    """

    thresholds: Float
    couplings: Float
    sensitivity: Float

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit, and couplings of one direction."""
        n = self.thresholds.size
        if self.thresholds.shape != (n,) or self.sensitivity.shape != (n,):
            raise ModelError("Thresholds and sensitivities are one number for each symptom.")
        if self.couplings.shape != (n, n):
            raise ModelError(f"Couplings of {n} symptoms are {n} × {n}.")
        values = (self.thresholds, self.couplings, self.sensitivity)
        if not all(np.isfinite(one).all() for one in values):
            raise ModelError("Thresholds, couplings and sensitivities must be finite.")
        if not np.array_equal(self.couplings, self.couplings.T) or np.diag(self.couplings).any():
            raise ModelError("Couplings are symmetric, with zeros on the diagonal.")

    def __repr__(self) -> str:
        """Say how many symptoms there are."""
        return f"SymptomNetwork({self.n} symptoms)"

    @classmethod
    def alike(cls, n: int, *, threshold: float, coupling: float) -> SymptomNetwork:
        """Make a network of symptoms that are all the same.

        Parameters
        ----------
        n : int
        threshold : float
            Of each symptom.
        coupling : float
            What all others together raise the log-odds of a symptom by when they are there.
        """
        each = coupling / max(n - 1, 1)
        return cls(
            thresholds=np.full(n, float(threshold)),
            couplings=each * (1.0 - np.eye(n)),
            sensitivity=np.ones(n),
        )

    @property
    def n(self) -> int:
        """Number of symptoms."""
        return int(self.thresholds.size)

    def protected(
        self, *, threshold: float = 0.0, coupling: float = 1.0, sensitivity: float = 1.0
    ) -> SymptomNetwork:
        """Return the network of somebody with a protective factor.

        Parameters
        ----------
        threshold : float, default 0
            Added to each threshold.
        coupling, sensitivity : float, default 1
            What couplings and sensitivities are multiplied by.
        """
        return replace(
            self,
            thresholds=self.thresholds + threshold,
            couplings=self.couplings * coupling,
            sensitivity=self.sensitivity * sensitivity,
        )

    def probabilities(self, stress: float) -> Float:
        """Probability of each number of symptoms at lasting stress, from 0 to n; exact.

        Raises
        ------
        ModelError
            More than 16 symptoms.
        """
        if self.n > MOST_EXACT:
            raise ModelError(f"All states are gone through for up to {MOST_EXACT} symptoms.")
        states = (np.arange(2**self.n)[:, None] >> np.arange(self.n)) & 1
        x = states.astype(float)
        log_p = x @ (self.sensitivity * stress - self.thresholds)
        log_p += 0.5 * ((x @ self.couplings) * x).sum(axis=1)
        p = np.exp(log_p - logsumexp(log_p))
        return np.bincount(states.sum(axis=1), weights=p, minlength=self.n + 1)

    def landscape(self, stress: float) -> Float:
        """Potential of each number of symptoms, −log of its probability: valleys are stable."""
        potential: Float = -np.log(self.probabilities(stress))
        return potential

    def expected(self, stress: float) -> float:
        """Mean number of symptoms at lasting stress."""
        return float(self.probabilities(stress) @ np.arange(self.n + 1))

    def course(
        self, stress: ArrayLike, *, persons: int = 100, start: str = "healthy", seed: int = 1
    ) -> Int:
        """Follow persons through a course of stress.

        Parameters
        ----------
        stress : array (times,)
            At each unit of time.
        persons : int, default 100
        start : {"healthy", "ill"}
            No symptom, or all.
        seed : int, default 1

        Returns
        -------
        array of int (persons, times)
            Symptoms that are there at the end of each unit of time.
        """
        if start not in ("healthy", "ill"):
            raise ModelError(f"`start` is 'healthy' or 'ill', not {start!r}.")
        field = np.asarray(stress, dtype=float)
        if field.ndim != 1 or not np.isfinite(field).all():
            raise ModelError("`stress` is one finite number at each time.")
        rng = np.random.default_rng(seed)
        x = np.full((persons, self.n), float(start == "ill"))
        who = np.arange(persons)
        found = np.empty((persons, field.size), dtype=np.int64)
        for time, one in enumerate(field):
            alone = self.sensitivity * one - self.thresholds
            for _ in range(self.n):
                which = rng.integers(self.n, size=persons)
                push = alone[which] + (self.couplings[which] * x).sum(axis=1)
                x[who, which] = rng.random(persons) < expit(push)
            found[:, time] = x.sum(axis=1)
        return found

    def up_and_down(
        self,
        low: float,
        high: float,
        *,
        steps: int = 41,
        wait: int = 10,
        persons: int = 200,
        seed: int = 1,
    ) -> tuple[Float, Float, Float]:
        """Raise stress in steps and lower it again: where the ways differ, there is hysteresis.

        Parameters
        ----------
        low, high : float
        steps : int, default 41
        wait : int, default 10
            Units of time at each step.
        persons, seed : int

        Returns
        -------
        stress, up, down : arrays (steps,)
            Mean number of symptoms on the way up and on the way down, at the same stress.
        """  # fmt: skip
        levels = np.linspace(low, high, steps)
        whole = np.repeat(np.concatenate([levels, levels[::-1]]), wait)
        mean = self.course(whole, persons=persons, seed=seed).mean(axis=0)
        at_end = mean.reshape(2 * steps, wait)[:, -1]
        return levels, at_end[:steps], at_end[steps:][::-1]

    def back_after(
        self,
        pulse: float,
        *,
        rest: float = 0.0,
        lasts: int = 20,
        most: int = 200,
        persons: int = 400,
        seed: int = 1,
    ) -> float:
        """Units of time after a pulse of stress until half of its rise in symptoms is gone.

        The rise is above what the same persons have without it. Infinite where half is not gone
        after `most`, NaN where the pulse raised nothing.
        """  # fmt: skip
        before = 50
        calm = np.full(before + lasts + most, rest)
        hit = calm.copy()
        hit[before : before + lasts] = pulse
        above = self.course(hit, persons=persons, seed=seed).mean(axis=0) - self.course(
            calm, persons=persons, seed=seed
        ).mean(axis=0)
        after = above[before + lasts - 1 :]
        if after[0] <= 0:
            return float("nan")
        gone = np.flatnonzero(after <= after[0] / 2)
        return float(gone[0]) if gone.size else float("inf")
