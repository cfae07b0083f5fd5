"""How a later outcome is distributed within a class: normal, or by proportions of categories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

LEAST_SPREAD = 1e-4  # share of the outcome's variance below which a class has none
LEAST_SHARE = 1e-9  # of a category in a class: log odds stay finite


class NormalOutcome:
    """Mean and log variance of each class."""

    def __init__(self, y: Float) -> None:
        self.y = y
        self.least = LEAST_SPREAD * float(np.var(y))

    def maximise(self, weight: Float) -> Float:
        """Parameters (K, 2) with the highest weighted likelihood."""
        size = np.maximum(weight.sum(axis=0), 1e-12)
        mean = self.y @ weight / size
        spread = np.sum(weight * (self.y[:, None] - mean) ** 2, axis=0) / size
        return np.column_stack([mean, np.log(np.maximum(spread, self.least))])

    def log_density(self, parameters: Float) -> Float:
        """Log densities (n, K)."""
        mean, log_variance = parameters.T
        away = (self.y[:, None] - mean) ** 2 / np.exp(log_variance)
        density: Float = -0.5 * (np.log(2 * np.pi) + log_variance + away)
        return density

    def slopes(self, parameters: Float) -> Float:
        """Derivatives (n, K, 2) of the log densities."""
        mean, log_variance = parameters.T
        away = (self.y[:, None] - mean) / np.exp(log_variance / 2)
        return np.stack([away / np.exp(log_variance / 2), (away**2 - 1) / 2], axis=2)

    def estimates(self, parameters: Float) -> tuple[Float, Float]:
        """Means (K, 1), and their derivatives by all parameters."""
        return parameters[:, :1], np.kron(np.eye(len(parameters)), np.array([[1.0, 0.0]]))


class CategoricalOutcome:
    """Log odds of each category but the last."""

    def __init__(self, hits: Float) -> None:
        self.hits = hits

    def maximise(self, weight: Float) -> Float:
        """Parameters (K, C − 1) with the highest weighted likelihood."""
        counts = weight.T @ self.hits
        share = np.maximum(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-12),
                           LEAST_SHARE)  # fmt: skip
        odds: Float = np.log(share[:, :-1] / share[:, -1:])
        return odds

    def log_density(self, parameters: Float) -> Float:
        """Log probabilities (n, K) of what was observed."""
        density: Float = self.hits @ np.log(self._shares(parameters)).T
        return density

    def slopes(self, parameters: Float) -> Float:
        """Derivatives (n, K, C − 1) of the log probabilities."""
        slopes: Float = (self.hits[:, None, :] - self._shares(parameters))[:, :, :-1]
        return slopes

    def estimates(self, parameters: Float) -> tuple[Float, Float]:
        """Proportions (K, C), and their derivatives by all parameters."""
        share = self._shares(parameters)
        K, C = share.shape
        jacobian = np.zeros((K, C, K, C - 1))
        for k in range(K):
            jacobian[k, :, k] = (np.diag(share[k]) - np.outer(share[k], share[k]))[:, :-1]
        return share, jacobian.reshape(K * C, -1)

    def _shares(self, parameters: Float) -> Float:
        odds = np.column_stack([parameters, np.zeros(len(parameters))])
        weight = np.exp(odds - odds.max(axis=1, keepdims=True))
        shares: Float = weight / weight.sum(axis=1, keepdims=True)
        return shares
