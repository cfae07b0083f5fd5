"""What results show of themselves fits in a line, however many persons there are."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models import (
    ContinuousAR1,
    GrowthMixture,
    LongitudinalKMeans,
    MixedModel,
    Moments,
    bootstrap_agreement,
    bootstrap_likelihood_ratio,
    compare_assumptions,
    compare_classes,
    fit_huber,
    fit_least_squares,
    fit_random_intercept,
    partition_quality,
    three_step_outcome,
    three_step_predictors,
)
from salutogen.models.short_repr import short_repr

N = 80
PERSON, T = np.repeat(np.arange(N), 4), np.tile(np.arange(4.0), N)
SECOND = np.arange(N) % 2
Y = 4.0 * SECOND[PERSON] * (1 + T / 4) + np.random.default_rng(3).normal(size=4 * N)
FRAME = {"id": PERSON, "site": PERSON // 8, "t": T, "y": Y}
LATER = {"id": np.arange(N), "x": SECOND + np.sin(np.arange(N)), "z": np.cos(np.arange(N))}
FORMULA = "y ~ t + (1 | id)"


def results():
    moments = Moments.from_frame(FORMULA, FRAME)
    mixed = MixedModel(FORMULA).fit(moments)
    mixture = GrowthMixture(FORMULA, classes=2, starts=4)
    found = mixture.fit(moments)
    wide = Y.reshape(N, 4)
    partition = LongitudinalKMeans(classes=[2, 3], starts=3).fit(wide)
    X = np.column_stack([np.ones(4 * N), T])
    return {
        "moments": moments,
        "mixed": mixed,
        "mixed bootstrap": mixed.bootstrap(draws=5),
        "robust": mixed.robust_inference("CR2"),
        "inference": mixed.inference,
        "sites": MixedModel("y ~ t + (1 | id) + (1 | site)").fit(FRAME),
        "serial": MixedModel(FORMULA, residual=ContinuousAR1("t")).fit(FRAME),
        "random intercept": fit_random_intercept(Y, None, PERSON),
        "mixture": found,
        "membership": found.membership,
        "comparison": compare_classes(FORMULA, moments, classes=[1, 2], starts=4),
        "assumptions": compare_assumptions(FORMULA, FRAME, classes=2, random=("1",), starts=4),
        "likelihood ratio": bootstrap_likelihood_ratio(FORMULA, moments, 2, draws=3, starts=4),
        "agreement": bootstrap_agreement(mixture, moments, draws=2, starts=2),
        "predictors": three_step_predictors(found, LATER, "z"),
        "outcome": three_step_outcome(found, LATER, "x"),
        "k-means": partition,
        "partition": partition.partitions[2],
        "quality": partition_quality(wide, partition.labels),
        "line": fit_least_squares(Y, X, names=["intercept", "t"]),
        "robust line": fit_huber(Y, X, names=["intercept", "t"]),
    }


@pytest.fixture(scope="module")
def shown():
    return {name: repr(result) for name, result in results().items()}


def test_every_result_shows_itself_in_a_line(shown):
    long = {name: text for name, text in shown.items() if len(text) > 200 or "\n" in text}
    assert long == {}


def test_the_line_names_sizes_and_key_figures(shown):
    assert shown["mixed"].startswith(
        "MixedModelResult(formula='y ~ t + (1 | id)', reml=True, n_persons=80, n_obs=320, log_"
    )
    assert shown["sites"].startswith("StructuredResult(formula=")
    assert "draws=array of 5 × 4" in shown["mixed bootstrap"]
    assert shown["k-means"] == (
        "LongitudinalKMeansResult(numbers=(2, 3), n_persons=80, n_obs=320, converged=True)"
    )


def test_long_values_are_cut():
    @short_repr("name", "share")
    class Thing:
        name, share = "a" * 100, 1 / 3

    assert repr(Thing()) == f"Thing(name='{'a' * 58}…, share=0.333333)"
