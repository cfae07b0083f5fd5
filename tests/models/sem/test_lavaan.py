"""Structural models beside lavaan: likelihoods, estimates, errors and fit."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from salutogen.models import CrossLaggedPanel, LatentChangeScores, compare_structural_fits

REFERENCE = Path(__file__).parents[2] / "reference" / "structural"
VALUES = json.loads((REFERENCE / "lavaan.json").read_text(encoding="utf-8"))
# lavaan's search stops at a relative change of 1e-14 of its own criterion, which leaves estimates
# right to about 1e-6 of their errors; its observed information is a difference of gradients; its
# roots for RMSEA's interval are found to about 1e-4.
TOLERANCE = {
    "log_likelihood": 1e-6,
    "estimate": 1e-5,
    "standard_error": 1e-4,
    "index": 1e-5,
    "interval": 1e-3,
}
INDICES = {
    "chi_square": "chisq",
    "df": "df",
    "p": "pvalue",
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "srmr": "srmr",
    "scaling_factor": "chisq.scaling.factor",
    "chi_square_scaled": "chisq.scaled",
    "p_scaled": "pvalue.scaled",
    "cfi_scaled": "cfi.scaled",
    "tli_scaled": "tli.scaled",
    "rmsea_scaled": "rmsea.scaled",
}
INTERVALS = {
    "rmsea_low": "rmsea.ci.lower",
    "rmsea_high": "rmsea.ci.upper",
    "rmsea_low_scaled": "rmsea.ci.lower.scaled",
    "rmsea_high_scaled": "rmsea.ci.upper.scaled",
}

_spec = importlib.util.spec_from_file_location("structural_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def fitted(case, errors):
    outcomes, model = cases.CASES[case]["data"][2], cases.CASES[case]["model"]
    kind = LatentChangeScores if "effects" in model else CrossLaggedPanel
    settings = {"person": "id", "occasion": "wave", "standard_errors": errors}
    return kind(outcomes=tuple("xyz"[:outcomes]), **settings, **model).fit(cases.long(case))


@pytest.mark.parametrize("case", cases.CASES)
def test_agrees_with_lavaan(case):
    """lavaan 0.6-14: `Rscript lavaan.R` beside `lavaan.json`."""
    theirs, result = VALUES[case], fitted(case, "robust")
    fit = theirs["fit"]
    assert result.converged
    assert result.n_parameters == fit["npar"]
    near = TOLERANCE["log_likelihood"]
    assert result.log_likelihood == pytest.approx(fit["logl"], abs=near)
    assert result.saturated_log_likelihood == pytest.approx(fit["unrestricted.logl"], abs=near)
    assert result.estimates.keys() == theirs["estimates"].keys()
    for errors, values in theirs["standard_errors"].items():
        ours = result.with_errors(errors)
        for name, value in values.items():
            assert ours[name] == pytest.approx(value, rel=TOLERANCE["standard_error"]), name
            apart = result.estimates[name] - theirs["estimates"][name]
            assert abs(apart) < TOLERANCE["estimate"] * value, name
    for names, near in ((INDICES, TOLERANCE["index"]), (INTERVALS, TOLERANCE["interval"])):
        for ours, name in names.items():
            assert result.fit_indices[ours] == pytest.approx(fit[name], rel=near, abs=near), ours


@pytest.mark.parametrize("number, pair", list(enumerate(cases.PAIRS)))
def test_scaled_differences_agree_with_lavaan(number, pair):
    """Satorra & Bentler 2010: `Rscript differences.R` beside `differences.json`.

    Where levels are left out, observed information of the larger model is not definite at the
    smaller one's estimates: lavaan's factor is below zero, and expected information stands for it.
    """
    theirs = json.loads((REFERENCE / "differences.json").read_text(encoding="utf-8"))
    case, *models = cases.PAIRS[pair]
    names = tuple("xyz"[: cases.CASES[case]["data"][2]])
    smaller, larger = (
        CrossLaggedPanel(
            outcomes=names, person="id", occasion="wave", standard_errors="robust", **model
        ).fit(cases.long(case))
        for model in models
    )
    values = theirs[f"pair{number}"]
    kind = "observed" if values["observed"] > 0 else "expected"
    found = compare_structural_fits(smaller, larger)
    assert found.chi_square == pytest.approx(values[kind], rel=1e-5)
    assert (kind == "expected") == pair.startswith("no levels")


@pytest.mark.parametrize("case", ["missing", "three", "groups"])
def test_standardised_lags_agree_with_lavaan(case):
    result = fitted(case, "observed")
    theirs, seen = VALUES[case]["standardised"], 0
    for row in result.standardised_lags().iter_rows(named=True):
        t = int(row["occasion"])
        group = 1 + ["", "a", "b"].index(row["group"]) - (row["group"] != "")
        name = f"w{row['outcome']}{t} w{row['source']}{t - row['lag']} {group}"
        np.testing.assert_allclose([row["estimate"], row["std_error"]], theirs[name], rtol=1e-4)
        seen += 1
    assert seen == len(theirs)
