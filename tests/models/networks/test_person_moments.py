"""Cross-products by person: of some columns, of samples, of each person's own combinations."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.models import Moments
from salutogen.models.mixed.model import fit_moments
from salutogen.models.networks.person_moments import PersonMoments, weights_of

RNG = np.random.default_rng(4)
N = 50
PERSON = np.repeat(np.arange(N), RNG.integers(5, 20, N))
COLUMNS = {
    name: RNG.normal(20 * place, 1 + place, PERSON.size) + RNG.normal(size=N)[PERSON]
    for place, name in enumerate(("a", "b", "c", "y"))
}
WHOLE = PersonMoments.of(COLUMNS, pl.Series("person", PERSON))


def fitted(moments: Moments):
    return fit_moments(moments, moments.fixed, moments.random, formula="y", reml=False)


def by_rows(columns: dict[str, np.ndarray], person: np.ndarray) -> Moments:
    return Moments.from_columns(
        columns,
        pl.Series("person", person),
        fixed=("Intercept", "c", "a"),
        random=(("Intercept",),),
    )


def alike(one: Moments, other: Moments, rtol: float = 1e-8) -> None:
    first, second = fitted(one), fitted(other)
    np.testing.assert_allclose(first.coefficients, second.coefficients, rtol=rtol, atol=1e-9)
    assert first.log_likelihood == pytest.approx(second.log_likelihood, rel=1e-10)


def test_some_columns_in_another_order() -> None:
    own = WHOLE.moments(("c", "a"), "y", ("Intercept", "c", "a"), (("Intercept",),))
    alike(own, by_rows({name: COLUMNS[name] for name in ("c", "a", "y")}, PERSON))


def test_persons_drawn_more_than_once_count_as_others() -> None:
    drawn = np.sort(RNG.integers(0, N, N))
    sample = WHOLE.sample(drawn)
    rows = [np.flatnonzero(person == PERSON) for person in drawn]
    person = np.repeat(np.arange(N), [one.size for one in rows])
    columns = {name: COLUMNS[name][np.concatenate(rows)] for name in ("c", "a", "y")}
    assert sample.n_obs == person.size
    own = sample.moments(("c", "a"), "y", ("Intercept", "c", "a"), (("Intercept",),))
    alike(own, by_rows(columns, person))


def test_what_is_left_beside_each_persons_own_line() -> None:
    own = RNG.normal(size=(N, 3))
    left = (
        COLUMNS["y"]
        - own[PERSON, 0]
        - own[PERSON, 1] * COLUMNS["a"]
        - own[PERSON, 2] * (COLUMNS["b"])
    )
    weights = [
        weights_of(WHOLE.columns, "y", ("Intercept", "a", "b"), own),
        weights_of(WHOLE.columns, "c", (), np.empty((N, 0))),
    ]
    made = WHOLE.combined(("left", "c"), np.stack(weights, axis=2))
    moments = made.moments(("c",), "left", ("Intercept", "c"), (("Intercept",),))
    plain = Moments.from_columns(
        {"c": COLUMNS["c"], "left": left}, pl.Series("person", PERSON),
        fixed=("Intercept", "c"), random=(("Intercept",),),
    )  # fmt: skip
    alike(moments, plain)


def test_nearly_collinear_columns_are_read_back_as_they_were() -> None:
    columns = {**COLUMNS, "twin": COLUMNS["a"] + 1e-6 * RNG.normal(size=PERSON.size)}
    whole = PersonMoments.of(
        {name: columns[name] for name in ("a", "twin", "c", "y")}, pl.Series("person", PERSON)
    )
    own = whole.moments(("c", "a"), "y", ("Intercept", "c", "a"), (("Intercept",),))
    alike(own, by_rows({name: COLUMNS[name] for name in ("c", "a", "y")}, PERSON), rtol=1e-6)
