"""Compiled loops of the graphical lasso: arrays in, arrays out.

The covariance W that a sparse precision implies is found row by row (Banerjee, El Ghaoui &
d'Aspremont 2008; Friedman, Hastie & Tibshirani 2008): each row is a lasso regression of one
variable on all others. Penalties rise along the path, since W of a smaller penalty lies inside the
bounds |W − S| ≤ penalty of a larger one, so that each start is a valid one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.models.compiling.njit import njit

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@njit(cache=True, nogil=True)
def correlate(values: Float, rows: Int, out: Float) -> bool:
    """Write the correlations (k, k) of some rows (m,) of values (n, k); whether all vary."""
    k, m = values.shape[1], rows.shape[0]
    means = np.zeros(k)
    for row in rows:
        for i in range(k):
            means[i] += values[row, i]
    for i in range(k):
        means[i] /= m
    out[:, :] = 0.0
    for row in rows:
        for i in range(k):
            away = values[row, i] - means[i]
            for j in range(i + 1):
                out[i, j] += away * (values[row, j] - means[j])
    for i in range(k):
        if not out[i, i] > 1e-24 * m * (means[i] * means[i] + out[i, i] / m):
            return False
    for i in range(k):
        for j in range(i):
            out[i, j] /= np.sqrt(out[i, i] * out[j, j])
            out[j, i] = out[i, j]
    for i in range(k):
        out[i, i] = 1.0
    return True


@njit(cache=True, nogil=True)
def lasso_row(W: Float, S: Float, j: int, penalty: float, beta: Float, settled: float) -> None:
    """Minimise ½ b'Vb − b's + penalty |b| in place, V being W without row j, and s row j of S."""
    k = W.shape[0]
    pull = np.zeros(k)  # (V b) of each other variable
    for i in range(k):
        if beta[i] != 0.0:
            for h in range(k):
                pull[h] += W[h, i] * beta[i]
    for _ in range(10_000):
        largest = 0.0
        for i in range(k):
            if i == j:
                continue
            rest = S[i, j] - pull[i] + W[i, i] * beta[i]
            new = 0.0
            if rest > penalty:
                new = (rest - penalty) / W[i, i]
            elif rest < -penalty:
                new = (rest + penalty) / W[i, i]
            change = new - beta[i]
            if change != 0.0:
                beta[i] = new
                for h in range(k):
                    pull[h] += W[h, i] * change
                largest = max(largest, abs(change))
        if largest < settled:
            return


@njit(cache=True, nogil=True)
def graphical_lasso(
    S: Float, penalty: float, W: Float, betas: Float, precision: Float, settled: float, most: int
) -> bool:
    """Write the precision that fits a correlation matrix S (k, k) best under a penalty.

    Parameters
    ----------
    W : array (k, k)
        Positive definite, with the diagonal of S and no entry further from S than the penalty;
        overwritten by the covariance found.
    betas : array (k, k)
        Row j: regression of variable j on the others, from where it is searched; overwritten.
    precision : array (k, k)
        Filled.
    settled : float
        Change of W in a round below which the search ends.
    most : int
        Rounds.

    Returns
    -------
    bool
        Whether it settled.
    """
    k = S.shape[0]
    done = False
    for _ in range(most):
        largest = 0.0
        for j in range(k):
            lasso_row(W, S, j, penalty, betas[j], 0.1 * settled)
            for i in range(k):
                if i == j:
                    continue
                value = 0.0
                for h in range(k):
                    if h != j:
                        value += W[i, h] * betas[j, h]
                largest = max(largest, abs(value - W[i, j]))
                precision[i, j] = value  # W is left alone until the whole row is known
            for i in range(k):
                if i != j:
                    W[i, j] = W[j, i] = precision[i, j]
        if largest < settled:
            done = True
            break
    for j in range(k):
        explained = 0.0
        for i in range(k):
            if i != j:
                explained += W[i, j] * betas[j, i]
        precision[j, j] = 1.0 / (S[j, j] - explained)
    for j in range(k):
        for i in range(j):
            # Both regressions give the edge; where one leaves it out, it is at the edge of zero.
            if betas[j, i] == 0.0 or betas[i, j] == 0.0:
                value = 0.0
            else:
                value = -0.5 * (betas[j, i] * precision[j, j] + betas[i, j] * precision[i, i])
            precision[i, j] = precision[j, i] = value
    return done


@njit(cache=True, nogil=True)
def log_determinant(matrix: Float, root: Float) -> float:
    """Logarithm of the determinant, by Cholesky's root; infinite below where there is none."""
    k = matrix.shape[0]
    total = 0.0
    for i in range(k):
        for j in range(i + 1):
            value = matrix[i, j]
            for h in range(j):
                value -= root[i, h] * root[j, h]
            if i == j:
                if not value > 0.0:
                    return -np.inf
                root[i, i] = np.sqrt(value)
                total += 2.0 * np.log(root[i, i])
            else:
                root[i, j] = value / root[j, j]
    return total


@njit(cache=True, nogil=True)
def lasso_path(
    S: Float,
    penalties: Float,
    n: int,
    gamma: float,
    settled: float,
    most: int,
    best: Float,
    criteria: Float,
    likelihoods: Float,
    edges: Int,
) -> int:
    """Write the precision with the lowest extended BIC over rising penalties (m,).

    Parameters
    ----------
    n, gamma : int, float
        Persons, and how much denser networks are held against.
    best : array (k, k)
        Filled with the precision chosen.
    criteria, likelihoods, edges : array (m,)
        Filled along the path.

    Returns
    -------
    int
        Place of the penalty chosen; one less than its negative where a search did not settle.
    """
    k = S.shape[0]
    W = S.copy()
    betas, precision, root = np.zeros((k, k)), np.empty((k, k)), np.empty((k, k))
    chosen, all_settled = 0, True
    for place in range(len(penalties)):
        done = graphical_lasso(S, penalties[place], W, betas, precision, settled, most)
        all_settled = all_settled and done
        trace, count = 0.0, 0
        for i in range(k):
            for j in range(k):
                trace += precision[i, j] * S[i, j]
                if j < i and precision[i, j] != 0.0:
                    count += 1
        value = log_determinant(precision, root) - trace - k * np.log(2.0 * np.pi)
        likelihoods[place], edges[place] = 0.5 * n * value, count
        criteria[place] = -n * value + count * (np.log(n) + 4.0 * gamma * np.log(k))
        if place == 0 or criteria[place] < criteria[chosen]:
            chosen = place
            best[:, :] = precision
    return chosen if all_settled else -1 - chosen
