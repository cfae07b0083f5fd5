"""A continuous-time model written down plainly: one normal distribution for each person."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm, solve_continuous_lyapunov

from salutogen.models.state_space.layout import Dynamics
from salutogen.models.state_space.problem import Problem


def moments_of_person(problem: Problem, dynamics: Dynamics, i: int):
    """Mean (rows, k), covariance of processes (rows k, rows k) with levels, without error."""
    rows = problem.rows
    own = slice(rows.starts[i], rows.starts[i + 1])
    kind, k, n = rows.kind[i], rows.values.shape[1], own.stop - own.start
    drift, inputs = dynamics.drift[kind], dynamics.inputs[kind]
    rest = solve_continuous_lyapunov(drift, -dynamics.diffusion)
    x, P = np.zeros(k), rest
    if dynamics.first is not None:
        x, P = dynamics.first, dynamics.first_covariance
    held = np.where(rows.pulses, 0.0, rows.inputs[own])
    at_once = np.where(rows.pulses, rows.inputs[own], 0.0)
    mean, cross = np.empty((n, k)), np.zeros((n, k, n, k))
    phi = np.eye(k)
    for t in range(n):
        if t:
            phi = expm(drift * rows.gaps.lengths[rows.gap[own][t]])
            x = phi @ x + np.linalg.solve(drift, phi - np.eye(k)) @ inputs @ held[t - 1]
            P = phi @ P @ phi.T + rest - phi @ rest @ phi.T
            for s in range(t):
                cross[t, :, s] = phi @ cross[t - 1, :, s]
                cross[s, :, t] = cross[t, :, s].T
        x = x + inputs @ at_once[t]
        mean[t], cross[t, :, t] = x, P
    everyone = np.kron(np.ones((n, n)), dynamics.levels)
    return mean + dynamics.mean[kind], cross.reshape(n * k, n * k) + everyone


def log_likelihood(problem: Problem, natural: np.ndarray) -> float:
    dynamics = problem.layout.unpack(natural, problem.rows.patterns)
    total = 0.0
    for i in range(problem.rows.n_persons):
        mean, V = moments_of_person(problem, dynamics, i)
        values = problem.rows.values[problem.rows.starts[i] : problem.rows.starts[i + 1]]
        V = V + np.kron(np.eye(len(values)), np.diag(dynamics.error))
        seen = np.isfinite(values).ravel()
        apart = (values - mean).ravel()[seen]
        V = V[np.ix_(seen, seen)]
        size = np.linalg.slogdet(2 * np.pi * V)[1]
        total -= (size + apart @ np.linalg.solve(V, apart)) / 2
    return total


def smoothed(problem: Problem, natural: np.ndarray, i: int):
    """Mean and variance (rows, k) of person i's processes given everything seen of the person."""
    dynamics = problem.layout.unpack(natural, problem.rows.patterns)
    mean, V = moments_of_person(problem, dynamics, i)
    values = problem.rows.values[problem.rows.starts[i] : problem.rows.starts[i + 1]]
    seen = np.isfinite(values).ravel()
    W = (V + np.kron(np.eye(len(values)), np.diag(dynamics.error)))[np.ix_(seen, seen)]
    gain = V[:, seen] @ np.linalg.inv(W)
    found = mean.ravel() + gain @ (values - mean).ravel()[seen]
    left = np.diag(V - gain @ V[seen])
    return found.reshape(mean.shape), left.reshape(mean.shape)
