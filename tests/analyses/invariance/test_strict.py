"""Residual variances: compared where it is asked for, of quantities, and what is said of them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.invariance.analysis import compute
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.models import MeasurementInvariance
from tests.analyses.inputs import shown
from tests.analyses.invariance.studies import ITEMS, answers, codes, item_inputs, refused

STRICT = InvarianceSettings(strict=True)
NAMES = tuple(f"P_{item + 1}" for item in range(ITEMS))


def scattered() -> pl.DataFrame:
    """Answers that scatter more at the last occasion, about the same."""
    frame = answers()
    rng = np.random.default_rng(3)
    last = pl.col("week") == 3
    more = [pl.Series(name, rng.integers(-2, 3, frame.height)) for name in NAMES]
    return frame.with_columns(
        pl.when(last).then((pl.col(name) + one).clip(0, 10)).otherwise(pl.col(name)).alias(name)
        for name, one in zip(NAMES, more, strict=True)
    )


def test_where_items_scatter_alike_so_may_scores_be_compared() -> None:
    inputs = item_inputs()
    result = compute(inputs, STRICT)
    over = result.comparisons[0]
    assert over.established == "strict"
    assert over.steps["step"].to_list() == ["configural", "metric", "scalar", "strict"]
    assert over.steps["difference_df"].to_list()[-1] == 2 * ITEMS, "of three occasions"
    assert not codes(result)
    told = str(result.answer())
    assert "measure alike over 1, 2 and 3" in told
    assert "equal residual variances CFI" in told
    assert "Scatter and correlations of the score can be compared as well." in told
    assert "and equal residual variances (strict)" in result.methods().worded(str)
    (section,), _ = shown(result, inputs, individuals=True)
    assert "Strict: equal residual variances too." in section.tables[0].note


def test_where_they_do_not_means_may_be_compared_all_the_same() -> None:
    result = compute(item_inputs(scattered()), STRICT)
    over = result.comparisons[0]
    assert over.established == "scalar"
    assert over.steps["holds"].to_list() == [None, True, True, False]
    assert over.called == ()
    assert "invariance-not-held" not in codes(result)
    told = str(result.answer())
    assert "measure alike over 1, 2 and 3" in told
    assert "does not scatter alike" in told


def test_nothing_else_changes_and_figures_are_those_of_the_model_alone() -> None:
    inputs = item_inputs(scattered())
    over, plain = (
        compute(inputs, settings).comparisons[0] for settings in (STRICT, InvarianceSettings())
    )
    assert over.steps.head(3).equals(plain.steps)
    assert over.items.equals(plain.items)
    assert over.score.equals(plain.score)
    panel = inputs.panel
    frame = panel.answers["mood"].with_columns(panel.rows["person"], panel.rows["occasion"])
    alone = MeasurementInvariance(
        items=NAMES, person="person", occasion="occasion", strict=True, standard_errors="robust"
    ).fit(frame)
    assert over.steps["chi_square"][3] == pytest.approx(alone.steps["chi_square"][3], rel=1e-6)


@pytest.mark.parametrize("items", [None, "ordered"])
def test_of_ordered_items_it_is_refused(items: str | None) -> None:
    inputs = item_inputs(answers(highest=3), highest=3)
    told = refused(inputs, strict=True, items=items, occasions=("1", "3"))
    assert "answers are taken for ordered categories" in told["invariance-strict-of-ordered"]
