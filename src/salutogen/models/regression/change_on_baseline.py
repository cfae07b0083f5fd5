"""Change regressed on its own baseline, corrected for regression to the mean.

A baseline that happened to be high is followed by a lower value, so that the slope of change on
baseline is negative even if nobody changed, and covariates that go with the baseline are credited
with what is arithmetic (Varadhan, Zhu and Bandeen-Roche 2024, Biostatistics 25, 1094-1111). What
the slope would be without a stressor is not told by two measurements: it is `k` times their
correlation, and results are shown over several `k`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import Factored
from salutogen.models.regression.least_squares import checked
from salutogen.models.resampling.bootstrap import bootstrap_sums, percentile_interval
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
KS = (1.0, 1.2, 1.5, 2.0)
BASELINE = "baseline"
NOTHING = 1e-10  # of the columns' scale
LOST = 0.025  # share of draws without an answer, above which there is no interval


@short_repr("names", "correlation", "share", "k")
@dataclass(frozen=True, kw_only=True)
class ChangeOnBaseline:
    """Coefficients of the baseline and of covariates, as they are and corrected.

    Attributes
    ----------
    names : tuple of str
        `baseline`, then the covariates.
    naive : array (q,)
        Least squares, as if there were no regression to the mean.
    naive_error : array (q,)
        Its standard error, by leaving out one person after the other.
    naive_interval : array (2, q)
        Its 95 % interval over draws of persons; NaN where too few draws have it.
    k : tuple of float
    corrected : array (len(k), q)
        NaN where `k` times the correlation is above 1, which no correlation can be.
    interval : array (len(k), 2, q)
        95 % intervals over draws of persons.
    correlation : float
        Of both measurements.
    share : float
        Share of the baseline that covariates explain.
    n : int
        Persons.
    """

    names: tuple[str, ...]
    naive: Float
    naive_error: Float
    naive_interval: Float
    k: tuple[float, ...]
    corrected: Float
    interval: Float
    correlation: float
    share: float
    n: int
    converged: bool = True
    messages: tuple[str, ...] = ()

    @property
    def estimates(self) -> dict[str, float]:
        """Coefficients as they are, by name."""
        return dict(zip(self.names, self.naive.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Their standard errors, by name."""
        return dict(zip(self.names, self.naive_error.tolist(), strict=True))

    @property
    def possible(self) -> NDArray[np.bool_]:
        """For which `k` there is a correction (len(k),)."""
        return np.array([one * self.correlation <= 1.0 for one in self.k])


def change_on_baseline(
    before: ArrayLike,
    after: ArrayLike,
    covariates: ArrayLike | None = None,
    *,
    names: Sequence[str] = (),
    k: Sequence[float] = KS,
    m: float = 1.0,
    change: bool = True,
    draws: int = 1000,
    seed: int = 1,
    executor: Executor | None = None,
) -> ChangeOnBaseline:
    """Regress change (or the later measurement) on the baseline and covariates, and correct it.

    Parameters
    ----------
    before, after : array (n,)
        Measured equally well: a mean of several later ones has less error than one baseline, which
        makes a slope.
    covariates : array (n, c), optional
        Without a constant.
    names : sequence of str
        Of the covariates.
    k : sequence of float
        How many times the correlation of both measurements is the one that they would have without
        a stressor; at least 1. With 1 all of what the correlation falls short of 1 is regression
        to the mean.
    m : float
        Slope that would be without error of the baseline; 1 unless another study tells it.
    change : bool
        Whether `after - before` is the outcome; else `after`.
    draws, seed : int
        Samples of persons for the intervals.
    executor : concurrent.futures.Executor, optional
        Where the samples are drawn (see `executor_for`); by default in threads of this process.
        The result is the same.

    Notes
    -----
    With correlation ρ, share S of the baseline that covariates explain, and their coefficients γ
    on the baseline, ``(m − kρ) / (1 − S) − (m − 1)`` is added to the slope of change on baseline
    (``− m`` instead of ``− (m − 1)`` where the later measurement is the outcome), and
    ``(kρ − m) / (1 − S) γ`` to the coefficients of covariates.

    Raises
    ------
    ModelError
        Missing values, a measurement that does not vary, collinear columns, or not more persons
        than terms.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> level = rng.normal(10, 2, 2000)
    >>> before, after = level + rng.normal(size=(2, 2000))
    >>> found = change_on_baseline(before, after, draws=50)
    >>> bool(found.naive[0] < -0.15), bool(abs(found.corrected[0, 0]) < 0.05)
    (True, True)
    """
    sums = PersonSums.of(before, after, covariates, names)
    if min(k, default=0.0) < 1.0:
        raise ModelError(f"k: expected values of at least 1, got {tuple(k)}.")
    ks = np.asarray(k, dtype=float)
    whole = sums.whole(ks, m, change)
    drawn = sums.drawn(ks, m, change, draws=draws, seed=seed, executor=executor)
    rho = float(whole.correlation[0])
    possible = ks * rho <= 1.0
    return ChangeOnBaseline(
        names=sums.names,
        naive=whole.naive[0],
        naive_error=sums.errors(whole, ks, m, change).naive[0],
        naive_interval=_interval(drawn.naive),
        k=tuple(float(one) for one in ks),
        corrected=np.where(possible[:, None], whole.corrected[0], np.nan),
        interval=np.stack(
            [
                _interval(drawn.corrected[:, place])
                if possible[place]
                else np.full((2, len(sums.names)), np.nan)
                for place in range(ks.size)
            ]
        ),
        correlation=rho,
        share=float(whole.share[0]),
        n=sums.n,
    )


@dataclass(frozen=True, kw_only=True)
class Slopes:
    """What samples of persons say.

    Attributes
    ----------
    naive : array (samples, q)
    corrected : array (samples, k, q)
    correlation, share : array (samples,)
    """

    naive: Float
    corrected: Float
    correlation: Float
    share: Float


@dataclass(frozen=True, kw_only=True)
class PersonSums:
    """Cross-products of each person, from which any sample of persons has its slopes.

    Attributes
    ----------
    names : tuple of str
        `baseline`, then the covariates.
    products : array (n, s, s)
        Of the constant, the baseline, covariates and the later measurement, about their means and
        in units of their spread.
    spread : array (s - 1,)
    """

    names: tuple[str, ...]
    products: Float
    spread: Float

    @classmethod
    def of(
        cls, before: ArrayLike, after: ArrayLike, covariates: ArrayLike | None, names: Sequence[str]
    ) -> PersonSums:
        """Check measurements (n,) and covariates (n, c), and multiply them out.

        Raises
        ------
        ModelError
            As in `change_on_baseline`.
        """
        start, end = np.asarray(before, dtype=float), np.asarray(after, dtype=float)
        given = np.empty((start.size, 0))
        if covariates is not None:
            given = np.asarray(covariates, dtype=float)
        told = (BASELINE, *names)
        terms = np.column_stack([np.ones(start.size), start, given])
        checked(end, terms, ("constant", *told))
        Factored.of(terms, ("constant", *told))
        columns = np.column_stack([start, given, end])
        centre, spread = columns.mean(axis=0), columns.std(axis=0)
        if not (spread[[0, -1]] > NOTHING * np.abs(centre[[0, -1]])).all():
            raise ModelError("A measurement does not vary: there is nothing to correct.")
        spread = np.where(spread > 0, spread, 1.0)
        scaled = np.column_stack([np.ones(start.size), (columns - centre) / spread])
        return cls(names=told, products=np.einsum("ni,nj->nij", scaled, scaled), spread=spread)

    @property
    def n(self) -> int:
        """Persons."""
        return len(self.products)

    def whole(self, k: Float, m: float, change: bool) -> Slopes:
        """Slopes of all persons, as one sample."""
        return self._slopes(self.products.sum(axis=0)[None], k, m, change)

    def drawn(
        self,
        k: Float,
        m: float,
        change: bool,
        *,
        draws: int,
        seed: int,
        executor: Executor | None = None,
    ) -> Slopes:
        """Slopes of persons drawn with replacement."""
        flat = self.products.reshape(self.n, -1)
        sums = bootstrap_sums(flat, draws=draws, seed=seed, executor=executor)
        return self._slopes(sums.reshape(draws, *self.products.shape[1:]), k, m, change)

    def errors(self, whole: Slopes, k: Float, m: float, change: bool) -> Slopes:
        """Standard errors, by leaving out one person after the other (Tukey 1958)."""
        left = self._slopes(self.products.sum(axis=0) - self.products, k, m, change)
        shrink = (self.n - 1) / self.n

        def error(without: Float, estimate: Float) -> Float:
            scatter: Float = np.sqrt(shrink * np.sum((without - estimate) ** 2, axis=0))
            return scatter[None]

        return Slopes(
            naive=error(left.naive, whole.naive),
            corrected=error(left.corrected, whole.corrected),
            correlation=error(left.correlation, whole.correlation),
            share=error(left.share, whole.share),
        )

    def _slopes(self, sums: Float, k: Float, m: float, change: bool) -> Slopes:
        naive, corrected, rho, share = _of_sums(sums, self.spread, k, m, change)
        return Slopes(naive=naive, corrected=corrected, correlation=rho, share=share)


def _of_sums(
    sums: Float, spread: Float, k: Float, m: float, change: bool
) -> tuple[Float, Float, Float, Float]:
    """Coefficients (d, q), corrected ones (d, k, q), correlations and shares (d,), of samples.

    From cross-products (d, s, s) of the constant, the baseline, covariates and the later
    measurement, in units of their spread; NaN where a column does not vary in a sample.
    """
    n = sums[:, 0, 0]
    means = sums[:, 0, 1:] / n[:, None]
    V = sums[:, 1:, 1:] / n[:, None, None] - means[:, :, None] * means[:, None, :]
    flat = np.diagonal(V, axis1=1, axis2=2)[:, :-1] <= NOTHING
    X, y = V[:, :-1, :-1], V[:, :-1, -1]
    units = spread[:-1]
    slopes = _solved(X, y) * spread[-1] / units
    gamma = _solved(X[:, 1:, 1:], X[:, 1:, 0])
    share = np.einsum("di,di->d", gamma, X[:, 1:, 0]) / np.maximum(X[:, 0, 0], NOTHING)
    rho = y[:, 0] / np.sqrt(np.maximum(X[:, 0, 0] * V[:, -1, -1], NOTHING**2))
    naive = np.where(flat, np.nan, slopes)
    if change:
        naive[:, 0] -= 1.0
    pull = (m - k[None, :] * rho[:, None]) / np.maximum(1.0 - share, NOTHING)[:, None]
    of_baseline = pull - (m - (1.0 if change else 0.0))
    of_covariates = -pull[:, :, None] * (gamma * units[0] / units[1:])[:, None, :]
    added = np.concatenate([of_baseline[:, :, None], of_covariates], axis=2)
    return naive, naive[:, None, :] + added, rho, share


def _solved(A: Float, b: Float) -> Float:
    if A.shape[1] == 0:
        return np.zeros(b.shape)
    inverse = np.linalg.pinv(A, rcond=NOTHING, hermitian=True)
    return np.asarray(np.einsum("dij,dj->di", inverse, b))


def _interval(drawn: Float) -> Float:
    """Percentile interval (2, q) of draws (d, q); NaN where too many have no answer."""
    found = np.full((2, drawn.shape[1]), np.nan)
    for place, own in enumerate(drawn.T):
        known = own[np.isfinite(own)]
        if known.size >= (1 - LOST) * own.size:
            found[:, place] = percentile_interval(known)
    return found
