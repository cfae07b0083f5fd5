"""Measuring again: drifting factors first, re-measured mood named, the time order guarded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.updating import MeasuredAgain, Updating
from salutogen.analyses.factors.updating_section import gain_words
from salutogen.errors import AnalysisError
from salutogen.models.regression.held_out import STREAM
from tests.analyses.factors.drifting import drifting
from tests.analyses.factors.test_factors import codes, settings
from tests.analyses.inputs import inputs_of, shown


def of(result: FactorsResult) -> Updating:
    assert result.updating is not None
    return result.updating


def by_name(result: FactorsResult) -> dict[str, MeasuredAgain]:
    return {item.name: item for item in of(result).factors}


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return drifting(500, 7, kept=0.8, mood=-3.5)


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> FactorsResult:
    return compute(inputs, settings(again="T3"))


def test_the_factor_that_drifts_is_ranked_first(result: FactorsResult) -> None:
    told = of(result)
    assert told.factors[0].name == "mood"
    assert told.factors[0].told
    assert [item.name for item in told.factors if item.told] == ["mood"]
    assert told.before == ("T1", "T2")
    assert told.after == ("T4", "T5", "T6")
    found = by_name(result)
    assert found["mood"].stability == pytest.approx(0.8**3 / 1.09, abs=0.1)
    # What never changes is foretold by its first measurement; what acts on nothing by none.
    assert found["trait"].two_step.gain < found["mood"].two_step.gain / 2
    assert abs(found["noise"].two_step.gain) < 0.01


def test_a_gain_is_that_of_plain_cross_validation(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    wide = {name: inputs.views.wide(name).values for name in ("SR", "P", "E", "mood")}
    y, earlier = wide["SR"][:, 4:].mean(axis=1), wide["SR"][:, 1:3].mean(axis=1)
    first, second = wide["mood"][:, 0], wide["mood"][:, 3]
    day = [wide["P"][:, 3], wide["E"][:, 3]]
    rng = np.random.default_rng([1, STREAM])
    losses = dict.fromkeys(("mean", "without", "within", "mood", "both"), 0.0)
    for _ in range(of(result).repeats):
        part = rng.permutation(np.arange(y.size) % of(result).folds)
        for fold in range(of(result).folds):
            out = part == fold
            losses["mean"] += float(np.sum((y[out] - y[~out].mean()) ** 2))
            for name, columns in (
                ("without", [earlier, first]),
                ("within", [earlier, first, second]),
                ("mood", [earlier, first, *day]),
                ("both", [earlier, first, *day, second]),
            ):
                X = sm.add_constant(np.column_stack(columns))
                line = np.linalg.lstsq(X[~out], y[~out], rcond=None)[0]
                losses[name] += float(np.sum((y[out] - X[out] @ line) ** 2))
    found = by_name(result)["mood"]
    assert found.two_step.without == pytest.approx(1 - losses["without"] / losses["mean"])
    gain = (losses["without"] - losses["within"]) / losses["mean"]
    assert found.two_step.gain == pytest.approx(gain)
    given = (losses["mood"] - losses["both"]) / losses["mean"]
    assert found.given_mood.gain == pytest.approx(given)


def test_re_measured_mood_is_named() -> None:
    """A factor that is nothing but the problems of its day seems worth measuring again."""
    inputs = drifting(400, 7, kept=0.8, seed=5)
    rng = np.random.default_rng(1)
    P = inputs.scores.table["P"].to_numpy()
    table = inputs.scores.table.with_columns(
        pl.Series("factor:cheer", -P + rng.normal(0, 2, P.size))
    )
    scores = replace(inputs.scores, table=table, factors_repeated=("cheer",))
    result = compute(inputs_of(scores), settings())
    (cheer,) = of(result).factors
    assert cheer.told
    assert cheer.may_be_mood
    assert "gain-may-be-mood" in codes(result.findings)
    assert "it may be mood" in str(gain_words(of(result))[0])


def test_what_is_said_is_what_was_fitted(result: FactorsResult) -> None:
    words = [str(item) for item in gain_words(of(result))]
    assert words[0].startswith("mood: measured again, it foretells")
    rest = [item.name for item in of(result).factors[1:]]
    assert words[-1].endswith(f"by measuring again: {rest[0]} and {rest[1]}.")
    nothing = replace(of(result), factors=of(result).factors[1:])
    assert len(gain_words(nothing)) == 1


def test_the_second_measurement_is_found_where_most_were_answered() -> None:
    inputs = drifting(120, 7)
    assert of(compute(inputs, settings())).again == "T3"
    late = inputs.scores.table["occasion_index"].cast(pl.Int64).is_in([0, 4])
    table = inputs.scores.table.with_columns(
        pl.when(late).then(pl.col(name)).alias(name) for name in ("factor:mood", "factor:noise")
    )
    result = compute(inputs_of(replace(inputs.scores, table=table)), settings())
    assert of(result).again == "T4"


@pytest.mark.parametrize("label", ["T0", "T1", "T6"])
def test_a_second_measurement_has_SR_before_and_after_it(label: str) -> None:
    result = compute(drifting(80, 7), settings(again=label))
    assert result.updating is None
    assert "nothing-measured-again" in codes(result.findings)


def test_what_cannot_be_asked_is_told() -> None:
    inputs = drifting(80, 7)
    with pytest.raises(AnalysisError) as refused:
        compute(inputs, settings(again="T9"))
    assert "factor-occasion-unknown" in codes(refused.value.findings)
    few = compute(drifting(50, 7), settings(again="T3"))
    assert few.updating is None
    assert "second-measurement-of-few" in codes(few.findings)
    once = replace(inputs.scores, factors_repeated=(), factors_baseline=("optimism",))
    none = compute(inputs_of(once), settings(again="T3"))
    assert none.updating is None
    assert "nothing-measured-again" in codes(none.findings)
    assert compute(inputs_of(once), settings()).updating is None


def test_the_clock_decides_on_which_side_SR_lies() -> None:
    scores = drifting(100, 7).scores
    # Ten persons filled in the third form after the second measurement.
    late = (scores.table["person"] < 10) & (scores.table["occasion_index"] == 2)
    time = pl.when(late).then(22.0).otherwise(pl.col("time")).alias("time")
    inputs = inputs_of(replace(scores, table=scores.table.with_columns(time)))
    result = compute(inputs, settings(again="T3"))
    told = next(item for item in result.findings if item.code == "second-measurement-out-of-order")
    assert told.evidence.numbers["persons"] == 10


def test_the_page_ranks_gains_for_every_audience(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    for individuals in (True, False):
        sections, withheld = shown(result, inputs, individuals=individuals)
        section = next(item for item in sections if item.title == "Which factors to measure again")
        assert section.figures[0].data["factor"][0] == "mood"
        assert section.tables[0].frame["factor"].to_list()[0] == "mood"
        assert withheld == ()
    assert result.to_dict()["updating"]["again"] == "T3"
