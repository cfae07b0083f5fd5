"""What the order of measurements allows to say."""

from __future__ import annotations

from datetime import date

import pytest

from salutogen.errors import ModelError
from salutogen.models.mediation.order import kind_of_order, late_covariates


@pytest.mark.parametrize(
    ("times", "kind"),
    [
        ((0, 1, 2), "mediation"),
        ((date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)), "mediation"),
        ((0, 0, 1), "half-ordered"),
        ((0, 1, 1), "half-ordered"),
        ((1, 1, 1), "association"),
        (None, "association"),
    ],
)
def test_kinds(times, kind):
    measured = None if times is None else dict(zip("xmy", times, strict=True))
    found, said = kind_of_order(measured, "x", ["m"], "y")
    assert found == kind
    assert (said == ()) == (kind == "mediation")


def test_one_of_several_mechanisms_may_lack_order():
    found, said = kind_of_order({"x": 0, "m": 1, "k": 2, "y": 2}, "x", ["m", "k"], "y")
    assert found == "half-ordered"
    assert said == (
        "k and y were measured at the same time: which of them acts on the other is assumed, not "
        "seen.",
    )


def test_causes_after_their_effects_are_refused():
    with pytest.raises(ModelError, match="m was measured before x, which is to bring it about"):
        kind_of_order({"x": 2, "m": 1, "y": 3}, "x", ["m"], "y")
    with pytest.raises(ModelError, match="y was measured before m"):
        kind_of_order({"x": 0, "m": 2, "y": 1}, "x", ["m"], "y")
    with pytest.raises(ModelError, match="no time for m"):
        kind_of_order({"x": 0, "y": 1}, "x", ["m"], "y")
    with pytest.raises(ModelError, match="can be compared"):
        kind_of_order({"x": 0, "m": "later", "y": 1}, "x", ["m"], "y")


def test_covariates_after_the_factor_are_named():
    assert "c: a covariate" in late_covariates({"x": 0, "c": 1, "d": 0}, "x", ["c", "d", "e"])[0]
    assert late_covariates(None, "x", ["c"]) == ()
