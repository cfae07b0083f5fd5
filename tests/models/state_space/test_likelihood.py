"""The Kalman filter is the normal distribution of all values of a person; its gradient is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.models.sem.inference import inverse_information
from salutogen.models.state_space.fitting import covariance_of, information, roots_of
from salutogen.models.state_space.gaps import Gaps
from salutogen.models.state_space.layout import Layout
from salutogen.models.state_space.problem import Problem, Rows
from tests.models.state_space import plain

STEP = 1e-6


def layout(k=2, p=2, *, pulses=1, random_means=True, free_first=False, moderated=()):
    inputs = ("u", "v")[:p]
    return Layout(
        processes=("x", "y", "z")[:k], inputs=inputs, pulses=inputs[p - pulses :] if p else (),
        measured_with_error=("x",), random_means=random_means, free_first=free_first,
        moderated=moderated,
    )  # fmt: skip


def problem(layout: Layout, seed=1, persons=4, occasions=5, *, equal=False) -> Problem:
    """Values of no model at all, a sixth of them missing, at any times."""
    rng = np.random.default_rng(seed)
    n, k, p = persons * occasions, len(layout.processes), len(layout.inputs)
    values = rng.normal(size=(n, k))
    values[rng.random((n, k)) < 1 / 6] = np.nan
    moderated = len(layout.moderated)
    kind = np.arange(persons) if moderated else np.zeros(persons, dtype=np.int64)
    lengths = rng.integers(1, 3, n).astype(float) if equal else 0.1 + rng.exponential(size=n)
    later = np.arange(n) % occasions > 0
    different, gap = np.unique(
        np.column_stack([np.repeat(kind, occasions), lengths])[later], axis=0, return_inverse=True
    )
    of_row = np.full(n, -1)
    of_row[later] = gap.ravel()
    rows = Rows(
        starts=np.arange(0, n + 1, occasions), values=values, inputs=rng.normal(size=(n, p)),
        pulses=np.array([name in layout.pulses for name in layout.inputs], dtype=bool), gap=of_row,
        gaps=Gaps(lengths=different[:, 1].copy(), kind=different[:, 0].astype(np.int64)),
        kind=kind, patterns=rng.normal(size=(persons if moderated else 1, moderated)) * 0.3,
    )  # fmt: skip
    return Problem(layout, rows)


def somewhere(layout: Layout, seed=1) -> np.ndarray:
    """Parameters of a drift that comes to rest and covariances that are some."""
    rng = np.random.default_rng(seed)
    found = {name: 0.1 * rng.normal() for name in layout.names}
    for name in found:
        variance = name.startswith(("diffusion", "var", "first_var", "error")) and "," not in name
        if variance:
            found[name] = 0.5 + abs(found[name])
        elif name in ("x<-x", "y<-y", "z<-z"):
            found[name] -= 0.8
    return np.array(list(found.values()))


MODELS = {
    "two processes": layout(),
    "one mean for all": layout(random_means=False),
    "a first row of its own": layout(free_first=True),
    "one process, no inputs": layout(k=1, p=0, pulses=0),
    "three processes": layout(k=3, p=1, pulses=0),
    "factors": layout(moderated=(("x<-y", "f"), ("x<-u", "f"), ("y<-v", "g"), ("mean(y)", "g"))),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("equal", [False, True], ids=["any gaps", "whole gaps"])
def test_filter_and_gradient(model: Layout, equal: bool) -> None:
    of, at = problem(model, equal=equal), somewhere(model)
    scored = of.at(at)
    assert scored is not None
    assert scored.log_likelihood == pytest.approx(plain.log_likelihood(of, at), rel=1e-10)
    for j in range(len(at)):
        step = np.eye(len(at))[j] * STEP
        slope = (of.at(at + step).log_likelihood - of.at(at - step).log_likelihood) / (2 * STEP)
        assert scored.gradient[j] == pytest.approx(slope, rel=1e-6, abs=1e-6), model.names[j]


@given(st.integers(0, 10_000), st.floats(0.0, 1e-6), st.floats(-3.0, 1.0))
def test_drifts_whose_directions_coincide(seed: int, apart: float, size: float) -> None:
    """Equal eigenvalues, or nearly so, with and without eigenvectors of their own."""
    model = layout(p=1, pulses=0)
    of, at = problem(model, seed=seed, persons=2), somewhere(model, seed)
    rate = -(10.0**size)
    at[:4] = [rate, 0.3 * (seed % 2), apart * rate, rate * (1 + apart)]
    scored = of.at(at)
    assert scored is not None
    assert scored.log_likelihood == pytest.approx(plain.log_likelihood(of, at), rel=1e-7)


def test_smoothing_is_what_is_expected_given_everything() -> None:
    for model in MODELS.values():
        of, at = problem(model), somewhere(model)
        scored, k = of.at(at, smooth=True), len(model.processes)
        dynamics = model.unpack(at, of.rows.patterns)
        for i in range(of.rows.n_persons):
            own = slice(of.rows.starts[i], of.rows.starts[i + 1])
            state, spread = scored.smoothed[own], scored.spread[own]
            if model.random_means:
                L = np.hstack([np.eye(k), np.eye(k)])
                state, spread = state @ L.T, L @ spread @ L.T
            mean, variance = plain.smoothed(of, at, i)
            np.testing.assert_allclose(state + dynamics.mean[of.rows.kind[i]], mean, atol=1e-9)
            np.testing.assert_allclose(np.einsum("tjj->tj", spread), variance, atol=1e-9)


def test_what_rows_before_let_expect_is_the_dense_distribution() -> None:
    """Mean and variance of each value given earlier rows, whatever else its own row holds."""
    for model in MODELS.values():
        of, at = problem(model), somewhere(model)
        scored, k = of.at(at, smooth=True), len(model.processes)
        dynamics = model.unpack(at, of.rows.patterns)
        for i in range(of.rows.n_persons):
            own = slice(of.rows.starts[i], of.rows.starts[i + 1])
            mean, V = plain.moments_of_person(of, dynamics, i)
            values = of.rows.values[own]
            V = V + np.kron(np.eye(len(values)), np.diag(dynamics.error))
            for t in range(len(values)):
                seen = np.isfinite(values).ravel() & (np.arange(len(values) * k) < t * k)
                here = slice(t * k, (t + 1) * k)
                gain = V[here][:, seen] @ np.linalg.inv(V[np.ix_(seen, seen)])
                expected = mean[t] + gain @ (values - mean).ravel()[seen]
                variance = np.diag(V[here, here] - gain @ V[seen][:, here])
                there = own.start + t
                np.testing.assert_allclose(scored.ahead[there], values[t] - expected, atol=1e-9)
                np.testing.assert_allclose(scored.ahead_variances[there], variance, atol=1e-9)


def test_second_derivatives_beside_a_drift_that_explodes() -> None:
    """A step that has no likelihood is taken the other way; without either there are no errors."""
    model = layout(k=1, p=0, pulses=0)
    of, at = problem(model), somewhere(model)
    at[0] = -STEP / 10
    roots = roots_of(model, at)
    assert of.at(at + np.eye(len(at))[0] * STEP) is None
    assert np.isfinite(information(of, roots)).all()
    assert inverse_information(np.full((2, 2), np.nan)) is None
    covariance, messages = covariance_of(of, roots, robust=False)
    assert covariance.shape == (len(at), len(at))
    assert all(isinstance(message, str) for message in messages)


def test_a_person_alone_is_a_person_among_others() -> None:
    for model in MODELS.values():
        of, at = problem(model), somewhere(model)
        alone = [Problem(model, of.rows.of_person(i)).at(at) for i in range(of.rows.n_persons)]
        whole = of.at(at)
        np.testing.assert_allclose([one.log_likelihood for one in alone], whole.by_person)
        together = np.sum([one.gradient for one in alone], axis=0)
        np.testing.assert_allclose(together, whole.gradient, rtol=1e-9, atol=1e-9)


def test_what_has_no_likelihood() -> None:
    model = layout(p=1, pulses=0)
    of, at = problem(model), somewhere(model)
    explodes = at.copy()
    explodes[0] = 0.5
    assert of.at(explodes) is None
    free = replace(model, free_first=True)
    assert Problem(free, of.rows).at(somewhere(free)) is not None
    assert of.at(np.full_like(at, np.nan)) is None
