"""What follows when one thing is moved once: closed forms, and bands."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad

from salutogen.errors import ModelError
from salutogen.models import ContinuousTime
from salutogen.models.state_space.impulse import Question, question_of
from tests.models.state_space.test_model import MODEL, stream


@pytest.fixture(scope="module")
def result():
    return MODEL.fit(stream(n=60, occasions=30))


@pytest.mark.parametrize(
    ("rates", "expected"),
    [
        ((-0.5, 0.2, -0.6, -0.1), (0.2301, 0.2632, 0.1691, 0.0795)),
        ((-0.3, 0.4, -0.4, -0.1), (0.5602, 0.7748, 0.7125, 0.4642)),
    ],
)
def test_problems_after_a_stressor(rates, expected) -> None:
    """P from (P, E) = (0, 2), where dP = aP + bE and dE = dE + eP: the closed form."""
    a, b, d, e = rates
    question = Question(effect=0, cause=1, of_input=False, size=2.0, duration=0.0)
    drift = np.array([[a, b], [e, d]])
    found = question.response(drift, np.zeros((2, 0)), np.array([1.0, 2.0, 4.0, 6.0]))
    np.testing.assert_allclose(found, expected, atol=5e-5)


def test_one_process_by_hand() -> None:
    drift, inputs = np.array([[-0.5]]), np.array([[0.4]])
    times = np.array([0.0, 0.5, 1.0, 3.0])
    moved = Question(effect=0, cause=0, of_input=False, size=2.0, duration=0.0)
    np.testing.assert_allclose(moved.response(drift, inputs, times), 2 * np.exp(-0.5 * times))
    assert moved.area(drift, inputs) == pytest.approx(4)
    half = np.log(2) / 0.5
    assert moved.course(drift, inputs, 20.0) == pytest.approx((2, 0, half, half))
    held = Question(effect=0, cause=0, of_input=True, size=1.0, duration=1.0)
    rising = 0.8 * (1 - np.exp(-0.5 * np.minimum(times, 1)))
    np.testing.assert_allclose(
        held.response(drift, inputs, times), rising * np.exp(-0.5 * np.maximum(times - 1, 0))
    )
    peak, when, half, of_at_once = held.course(drift, inputs, 20.0)
    assert np.isnan(of_at_once), "nothing is moved at once"
    assert (peak, when) == pytest.approx((0.8 * (1 - np.exp(-0.5)), 1), rel=1e-6)
    assert half == pytest.approx(np.log(2) / 0.5, rel=1e-5)
    assert held.area(drift, inputs) == pytest.approx(0.8)


def test_a_half_life_counts_from_the_shock_and_not_from_a_later_peak() -> None:
    """A shock that first grows, by what it does to another process that acts back."""
    drift, inputs = np.array([[0.2, -0.5], [0.6, -0.6]]), np.zeros((2, 0))
    question = Question(effect=0, cause=0, of_input=False, size=1.0, duration=0.0)
    times = np.linspace(0, 60, 60001)
    course = question.response(drift, inputs, times)
    peak, when, half, life = question.course(drift, inputs, 60.0)
    assert peak == pytest.approx(course.max(), rel=1e-6)
    assert peak > 1.05
    assert when > 0.3
    assert life == pytest.approx(times[np.abs(course) < 0.5][0], abs=2e-3)
    after = (times > when) & (np.abs(course) < peak / 2)
    assert half == pytest.approx(times[after][0] - when, abs=2e-3)
    assert life != pytest.approx(half, abs=0.1)


def test_areas_are_integrals(result) -> None:
    for cause, effect in (("S", "P"), ("P", "S"), ("E", "P")):
        told = result.impulse_response(cause, effect, size=2.0)
        question = question_of(result, cause, effect, 2.0, None)

        def at(t: float, question=question) -> float:
            times = np.array([t])
            return float(question.response(result.drift, result.input_effects, times)[0])

        area = quad(at, 0, 60, limit=60, epsrel=1e-4)[0]
        assert told.area == pytest.approx(area, rel=2e-3)
        assert abs(told.peak) == pytest.approx(np.max(np.abs(told.response)), rel=1e-2)
        assert told.intervals["peak"][0] < told.peak < told.intervals["peak"][1]
        assert (told.conf_low <= told.response).all()
        assert told.to_frame().columns == ["time", "response", "conf_low", "conf_high"]


def test_bands_are_those_of_draws(result) -> None:
    """Drifts drawn from the estimates and their covariance scatter as the bands say."""
    told = result.impulse_response("S", "P", times=[0.5, 1.0, 2.0, 4.0])
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal(result.coefficients[:4], result.covariance[:4, :4], 4000)
    question = Question(effect=0, cause=1, of_input=False, size=1.0, duration=0.0)
    scatter = [question.response(d.reshape(2, 2), np.zeros((2, 0)), told.times) for d in draws]
    half = (told.conf_high - told.conf_low) / 2
    np.testing.assert_allclose(np.std(scatter, axis=0) * 1.96, half, rtol=0.1)


def test_what_cannot_be_asked(result) -> None:
    with pytest.raises(ModelError, match="There is no 'Q'"):
        result.impulse_response("Q", "P")
    with pytest.raises(ModelError, match="There is no 'E'"):
        result.impulse_response("P", "E")
    with pytest.raises(ModelError, match="duration: P is moved at once"):
        result.impulse_response("P", "S", duration=2.0)
    with pytest.raises(ModelError, match="duration: expected a time above 0"):
        result.impulse_response("E", "P", duration=0.0)
    for size in (0.0, float("nan"), float("inf"), "2 SD"):
        with pytest.raises(ModelError, match="size: expected a number other than 0"):
            result.impulse_response("E", "P", size=size)
    with pytest.raises(ModelError, match="duration: expected a time above 0"):
        result.impulse_response("E", "P", duration=float("inf"))
    with pytest.raises(ModelError, match="level: expected a number between 0 and 1"):
        result.impulse_response("E", "P", level=95)
    with pytest.raises(ModelError, match="times: expected numbers from 0"):
        result.impulse_response("E", "P", times=[-1.0])


def test_who_has_another_factor_responds_otherwise() -> None:
    """The response at a factor is that of the plain model whose zero is there."""
    rng = np.random.default_rng(4)
    n, occasions = 120, 15
    factor = 3 + 2 * rng.normal(size=n)
    carried = np.exp(np.minimum(-0.6 + 0.15 * (factor - 3), -0.05))
    x, rows = np.zeros(n), []
    for _ in range(occasions + 10):
        x = carried * x + rng.normal(size=n)
        rows.append(x)
    frame = {
        "id": np.repeat(np.arange(n), occasions),
        "t": np.tile(np.arange(occasions), n),
        "x": np.column_stack(rows[10:]).ravel(),
        "f": np.repeat(factor, occasions),
    }
    model = ContinuousTime(processes="x", person="id", time="t", factors={"x<-x": "f"})
    result = model.fit(frame)
    plain, by_factor = result.estimates["x<-x"], result.estimates["x<-x:f"]
    assert by_factor > 0.08
    for value in (1.0, 5.0):
        told = result.impulse_response("x", "x", factors={"f": value})
        rate = plain + by_factor * (value - factor.mean())
        assert told.half_recovery == pytest.approx(np.log(2) / -rate, rel=1e-6)
        # Of one process the error is that of the rate: a linear combination of two estimates.
        at = [result.parameters.index(name) for name in ("x<-x", "x<-x:f")]
        along = np.array([1.0, value - factor.mean()])
        error = np.sqrt(along @ result.covariance[np.ix_(at, at)] @ along) / -rate
        low, high = told.intervals["half_recovery"]
        assert np.log(high / low) == pytest.approx(2 * 1.96 * error, rel=1e-3)
    average = result.impulse_response("x", "x", factors={"f": factor.mean()})
    assert average.half_recovery == pytest.approx(result.impulse_response("x", "x").half_recovery)
    assert result.returns({"f": factor.mean()})
    beyond = factor.mean() + 1.01 * plain / -by_factor
    assert not result.returns({"f": beyond})
    with pytest.raises(ModelError, match="deviations grow without end"):
        result.impulse_response("x", "x", factors={"f": beyond})
    with pytest.raises(ModelError, match="factors: expected a number of f, got nan"):
        result.impulse_response("x", "x", factors={"f": float("nan")})
    with pytest.raises(ModelError, match="depends on no 'g'"):
        result.impulse_response("x", "x", factors={"g": 1.0})


def test_pulses_act_at_once() -> None:
    rng = np.random.default_rng(3)
    n, occasions = 80, 40
    event = rng.binomial(1, 0.2, size=(n, occasions)).astype(float)
    x, rows = np.zeros(n), []
    for t in range(occasions):
        x = np.exp(-0.4) * x + 0.5 * rng.normal(size=n) + 1.5 * event[:, t]
        rows.append(x)
    frame = {"id": np.repeat(np.arange(n), occasions), "t": np.tile(np.arange(occasions), n),
             "x": np.column_stack(rows).ravel(), "event": event.ravel()}  # fmt: skip
    model = ContinuousTime(processes="x", inputs="event", pulses="event", person="id", time="t",
                           random_means=False, first="free")  # fmt: skip
    result = model.fit(frame)
    assert result.estimates["x<-event"] == pytest.approx(1.5, abs=0.05)
    told = result.impulse_response("event", "x")
    assert (told.time_to_peak, told.intervals["time_to_peak"]) == (0.0, (0.0, 0.0))
    low, high = told.intervals["half_recovery"]
    assert low < np.log(2) / 0.4 < high
