"""Cross-lagged models in the study's names."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from salutogen.analyses.change.panel_models import PanelModel
from salutogen.errors import ModelError
from tests.analyses.change.studies import course


def model(lag: int = 1, covariates: int = 0, varying: int = 0, occasions: int = 4) -> PanelModel:
    rng = np.random.default_rng(2)
    values = course(rng, ((0.3, 0.0), (0.2, 0.3)), 250, occasions)
    return PanelModel(
        values={"v2": values[:, :, 0], "^x$": values[:, :, 1]},
        occasions=tuple(f"T{index}" for index in range(occasions)),
        lag=lag,
        covariates={f"c{place}=a": rng.normal(size=250) for place in range(covariates)},
        time_varying={f"E{place}": rng.normal(size=(250, occasions)) for place in range(varying)},
    )


@pytest.mark.parametrize("random_intercepts", [True, False])
@pytest.mark.parametrize(("lag", "covariates", "varying"), [(1, 0, 0), (2, 1, 0), (1, 2, 1)])
def test_parameters_are_counted_as_the_model_has_them(
    random_intercepts: bool, lag: int, covariates: int, varying: int
) -> None:
    made = model(lag, covariates, varying)
    for free in (False, True):
        told = made.fit(random_intercepts=random_intercepts, free=free)
        assert told.fit.n_parameters == made.n_parameters(
            random_intercepts=random_intercepts, free=free
        )


def test_effects_bear_the_names_of_the_study() -> None:
    told = model().fit(random_intercepts=True, free=False)
    paths = {path.told: path for path in told.paths()}
    assert set(paths) == {f"{one} → {two}" for one, two in product(("v2", "^x$"), repeat=2)}
    assert paths["v2 → ^x$"].estimate == told.fit.estimates["v2<-v1"]
    assert set(told.within()["source"]) == {"v2", "^x$"}
    assert [pair[:2] for pair in told.level_correlations()] == [("v2", "^x$")]
    renamed = told.paths({"v2": "SR"})
    assert "SR → ^x$" in {path.told for path in renamed}


def test_refusals_bear_the_names_of_the_study() -> None:
    made = model()
    flat = PanelModel(**(vars(made) | {"values": {**made.values, "^x$": np.ones((250, 4))}}))
    with pytest.raises(ModelError, match=r"\^x\$"):
        flat.fit(random_intercepts=True, free=False)


def test_impossible_estimates_are_told_in_words() -> None:
    values = np.random.default_rng(1).normal(size=(300, 4, 2))
    values -= 0.9 * values.mean(axis=1, keepdims=True)  # as if levels had variances below zero
    made = PanelModel(
        values={"x": values[:, :, 0], "y": values[:, :, 1]}, occasions=("a", "b", "c", "d"), lag=1
    )
    told = " ".join(made.fit(random_intercepts=True, free=False).messages)
    assert "level of x" in told or "levels of x and y" in told
    assert "(" not in told
