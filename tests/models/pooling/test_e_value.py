"""E-values against published ones and against the bias that they undo."""

from __future__ import annotations

import math

import pytest

from salutogen.errors import ModelError
from salutogen.models import e_value
from salutogen.models.pooling.e_value import e_value_of_difference


def test_published_values():
    """VanderWeele & Ding 2017: breastfeeding; leukaemia (below 1)."""
    found = e_value(3.9, 1.8, 8.7)
    assert round(found, 1) == 7.3
    assert found.limit == pytest.approx(3.0, abs=1e-12)
    below = e_value(0.80, 0.71, 0.91)
    assert round(below, 2) == 1.81
    assert round(below.limit, 2) == 1.43


@pytest.mark.parametrize("ratio", [1.0, 1.3, 4.2])
def test_a_confounder_of_that_strength_explains_the_ratio_just_away(ratio):
    """Bias of a confounder related to both by g: g * g / (g + g - 1) (Ding & VanderWeele 2016)."""
    g = float(e_value(ratio))
    assert g * g / (2 * g - 1) == pytest.approx(ratio, rel=1e-12)
    assert float(e_value(1 / ratio)) == pytest.approx(g, rel=1e-12)
    assert e_value(ratio).estimate == g


def test_an_interval_with_no_effect_in_it_needs_no_confounder():
    assert e_value(1.2, 0.9, 1.6).limit == 1.0
    assert e_value(0.9, high=1.1).limit == 1.0
    assert e_value(2.0).limit is None
    assert "limit=None" in repr(e_value(2.0))


def test_differences_are_taken_as_ratios():
    found = e_value_of_difference(-0.5, -0.8, -0.2)
    assert float(found) == pytest.approx(float(e_value(math.exp(0.91 * 0.5))), rel=1e-12)
    assert found.limit == pytest.approx(float(e_value(math.exp(0.91 * 0.2))), rel=1e-12)


def test_bad_ratios_are_refused():
    with pytest.raises(ModelError, match="ratio above 0"):
        e_value(-1.0)
    with pytest.raises(ModelError, match="limits around 2"):
        e_value(2.0, 2.5, 3.0)
    with pytest.raises(ModelError, match="nearer to 1 is missing"):
        e_value(2.0, high=3.0)
