"""Parameters at which a larger model has the moments of a smaller one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salutogen.models import CrossLaggedPanel
from salutogen.models.sem.matching import place_with_moments_of
from tests.models.sem.cross_lagged.test_model import MODEL, panel


def at_moments(larger, smaller):
    """Parameters of the larger model by name, in units of the data."""
    place = place_with_moments_of(larger.fitted.place, smaller.fitted.place)
    units = larger.fitted.units
    return dict(
        zip(larger.parameters, (units.factor * place.theta + units.shift).tolist(), strict=True)
    )


@pytest.fixture(scope="module")
def frame():
    """Persons with 4 occasions, some missing."""
    return panel(n=300)


def test_what_is_equal_in_the_smaller_model_is_equal_there(frame):
    equal, free = MODEL.fit(frame), replace(MODEL, lags="free").fit(frame)
    found = at_moments(free, equal)
    for name, value in found.items():
        own = equal.estimates.get(name, equal.estimates.get(name.partition("@")[0]))
        assert value == pytest.approx(own, rel=1e-5, abs=1e-6), name


def test_what_is_left_out_is_zero_there(frame):
    none, levels = replace(MODEL, random_intercepts=False).fit(frame), MODEL.fit(frame)
    found = at_moments(levels, none)
    for name, value in found.items():
        assert value == pytest.approx(none.estimates.get(name, 0.0), rel=1e-4, abs=1e-5), name


def test_groups_and_the_order_of_variables_do_not_matter(frame):
    arms = frame.with_columns(arm=frame["id"] % 2)
    alike = replace(MODEL, group="arm", equal_groups=("lags",)).fit(arms)
    turned = replace(MODEL, group="arm", outcomes=("y", "x")).fit(arms)
    found = at_moments(turned, alike)
    assert found["x<-y [0]"] == pytest.approx(alike.estimates["x<-y"], abs=1e-6)
    assert found["x<-y [1]"] == pytest.approx(alike.estimates["x<-y"], abs=1e-6)
    assert found["var(y) [1]"] == pytest.approx(alike.estimates["var(y) [1]"], rel=1e-5)


def test_models_that_are_not_nested_have_no_such_place(frame):
    """Free lags with equal residuals, equal lags with free ones: neither holds the other."""
    free = replace(MODEL, lags="free", residuals="equal").fit(frame)
    equal = MODEL.fit(frame)
    assert place_with_moments_of(free.fitted.place, equal.fitted.place) is None
    assert place_with_moments_of(equal.fitted.place, free.fitted.place) is None
    other = CrossLaggedPanel(outcomes=("x",), person="id", occasion="wave").fit(frame)
    assert place_with_moments_of(equal.fitted.place, other.fitted.place) is None
