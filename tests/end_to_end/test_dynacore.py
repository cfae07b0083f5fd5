"""The shipped DynaCORE-L study against numbers recomputed with R 4.2 / lme4."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Results = dict[str, Any]


def figure(results: Results, path: str) -> Any:
    value: Any = results
    for part in path.split("/"):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


# path in results.json, value, half a unit of the last digit given
REFERENCE = [
    ("panel/persons", 200, 0),
    ("panel/rows", 1045, 0),
    ("panel/occasions", 6, 0),
    ("scores/P/mean", 14.352, 5e-4),
    ("scores/P/sd", 5.901, 5e-4),
    ("scores/E/mean", 43.897, 5e-4),
    ("scores/E/sd", 20.513, 5e-4),
    ("scores/P/icc", 0.696, 5e-4),
    ("scores/E/icc", 0.650, 5e-4),
    ("scores/SR/icc", 0.62, 5e-3),
    ("norm/primary/n", 200, 0),
    ("norm/primary/coefficients/intercept", 7.229, 5e-4),
    ("norm/primary/coefficients/E", 0.16477, 5e-6),
    ("norm/primary/r_squared", 0.3064, 5e-5),
    ("norm/pooled/r_squared", 0.2424, 5e-5),
    # lme4 1.1-31, bobyqa with rhoend = 1e-10: 0.00330416288588, 0.35835138198334; its default
    # tolerance stops a little earlier, at 0.003303509 and 0.358352435 (criterion 4e-8 higher).
    ("norm/mixed/intercept", 0.00330416288588, 4e-9),
    ("norm/mixed/slope", 0.35835138198334, 2e-9),
    ("norm/mixed/intercept", 0.003303509, 1e-6),
    ("norm/mixed/slope", 0.358352435, 3.6e-6),
    ("norm/mixed/slope_se", 0.0286, 5e-5),
    ("norm/mixed/between_slope", 0.572, 5e-4),
    ("norm/mixed/within_slope", 0.303, 5e-4),
    ("norm/mixed/simplified_slope", 0.3549, 5e-5),
    ("norm/mixed/residual_sd", 0.529, 5e-4),
    ("norm/shape_test/F", 2.23, 5e-3),
    ("norm/shape_test/df1", 1, 0),
    ("norm/shape_test/df2", 197, 0),
    ("norm/shape_test/p", 0.137, 5e-4),
    ("norm/shape_test/n", 200, 0),
    ("norm/shape_test/bic_linear", 1170.17, 5e-3),
    ("norm/shape_test/bic_quadratic", 1173.22, 5e-3),
    ("norm/variants/winsorised_person/coefficients/intercept", 7.240, 5e-4),
    ("norm/variants/winsorised_person/coefficients/E", 0.16432, 5e-6),
    ("resilience/windows/0/n", 199, 0),
    ("resilience/windows/1/n", 197, 0),
    ("resilience/windows/2/n", 195, 0),
    ("resilience/windows/3/n", 163, 0),
    ("resilience/windows/0/intercept", 7.0652, 5e-5),
    ("resilience/windows/0/slope", 0.1563, 5e-5),
    ("resilience/windows/0/r_squared", 0.2759, 5e-5),
    ("resilience/windows/0/mean_SR_frozen", 0, 1e-9),
    ("resilience/windows/1/mean_SR_frozen", 0.71, 5e-3),
    ("resilience/windows/2/mean_SR_frozen", 1.12, 5e-3),
    ("resilience/windows/3/mean_SR_frozen", 0.84, 5e-3),
    ("resilience/windows/3/mean_SR_refit", 0, 1e-9),
    ("resilience/icc_single", 0.62, 5e-3),
    ("resilience/icc_windows/frozen", 0.87, 5e-3),
    ("resilience/icc_windows/refit", 0.88, 5e-3),
    ("resilience/sr_exposure_correlation/primary", 0, 1e-9),
    ("resilience/sr_exposure_correlation/between", 0.093, 5e-4),
    ("resilience/sr_exposure_correlation/within", -0.208, 5e-4),
    ("resilience/sr_exposure_correlation/mixed", 0.152, 5e-4),
    ("resilience/sr_exposure_correlation/mixed_between", 0.241, 5e-4),
    ("resilience/sr_exposure_correlation/mixed_within", -0.062, 5e-4),
]


@pytest.mark.parametrize(
    ("path", "value", "tolerance"), REFERENCE, ids=[f"{row[0]}~{row[1]}" for row in REFERENCE]
)
def test_published_number(
    dynacore_results: Results, path: str, value: float, tolerance: float
) -> None:
    assert figure(dynacore_results, path) == pytest.approx(value, abs=tolerance)


def test_shape_and_singularity(dynacore_results: Results) -> None:
    assert dynacore_results["norm"]["primary"]["shape"] == "linear"
    assert dynacore_results["norm"]["shape_test"]["chosen"] == "linear"
    assert dynacore_results["norm"]["mixed"]["singular"] is True


def test_variants_agree_as_known(dynacore_results: Results) -> None:
    variants = dynacore_results["resilience"]["variants"]
    assert len(variants["names"]) >= 8
    names = variants["occasion_names"]
    pair = names.index("pooled"), names.index("mixed")
    assert variants["occasion_correlation"][pair[0]][pair[1]] == pytest.approx(0.988, abs=5e-4)


def test_rows_of_each_file(dynacore_out: Path) -> None:
    scores = pl.read_csv(dynacore_out / "scores.csv", infer_schema_length=None)
    assert scores.columns[:7] == ["subject", "occasion", "time", "E", "P", "P_expected", "SR"]
    assert scores.height == 1045
    assert (scores["P"] - scores["P_expected"] - scores["SR"]).abs().max() < 1e-8
    windows = pl.read_csv(dynacore_out / "windows.csv", infer_schema_length=None)
    assert windows.columns[:9] == [
        "subject", "window", "first_occasion", "last_occasion", "n_valid",
        "E", "P", "SR_frozen", "SR_refit",
    ]  # fmt: skip
    assert windows["window"].unique().sort().to_list() == [1, 2, 3, 4]
    persons = pl.read_csv(dynacore_out / "person.csv", infer_schema_length=None)
    assert persons.columns[:6] == ["subject", "n_valid", "E", "P", "P_expected", "SR"]
    assert persons["n_valid"].sum() == 1045


def test_complete_persons_move_differently(dynacore_results: Results) -> None:
    found = [
        window["mean_SR_frozen_complete"] for window in dynacore_results["resilience"]["windows"]
    ]
    assert found == pytest.approx([-0.35, 0.31, 0.68, 0.83], abs=5e-3)
    assert dynacore_results["resilience"]["windows"][0]["n_complete"] == 160


def test_codebook_names_every_column_and_the_sign(dynacore_out: Path) -> None:
    book = pl.read_csv(dynacore_out / "codebook.csv")
    for name in ("scores.csv", "windows.csv", "person.csv"):
        header = (dynacore_out / name).read_text("utf-8").splitlines()[0].split(",")
        described = book.filter(pl.col("file") == name)["column"].to_list()
        assert described == header
    errors = ["SR_se", "SR_se_days"]
    column = pl.col("column")
    signed = book.filter(column.str.starts_with("SR") & ~column.is_in(errors))
    assert set(signed["sign"]) == {"positive = over-reactive = less resilient"}


def test_manifest_hashes_what_is_there(dynacore_out: Path) -> None:
    import hashlib

    manifest = json.loads((dynacore_out / "manifest.json").read_text("utf-8"))
    named = {entry["file"]: entry for entry in manifest["outputs"]}
    there = {
        path.relative_to(dynacore_out).as_posix()
        for path in dynacore_out.rglob("*")
        if path.is_file()
    }
    assert set(named) == there - {"manifest.json"}
    for name, entry in named.items():
        assert hashlib.sha256((dynacore_out / name).read_bytes()).hexdigest() == entry["sha256"]
    public = {name for name, entry in named.items() if not entry["personal_data"]}
    assert public == {"codebook.csv", "items.csv"}, "the page shows single persons"


def test_results_match_the_published_schema(dynacore_results: Results) -> None:
    import jsonschema

    from salutogen.pipeline.results_json import results_schema

    jsonschema.Draft202012Validator(results_schema()).validate(dynacore_results)
