"""`norm.json`: written, read back, used by another study or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from salutogen.errors import NormError
from salutogen.norm import Norm, fit_norm, read_norm
from salutogen.norm.norm_file import norm_to_dict, write_norm
from tests.norm.cohorts import MEASURES, simulated, windows_of


@pytest.fixture
def norm() -> Norm:
    return fit_norm(simulated())


@pytest.mark.parametrize("combine", ["sum", "composite", "separate"])
def test_reading_back_gives_the_same_expectations_to_the_last_bit(
    tmp_path: Path, combine: str
) -> None:
    norm = fit_norm(simulated(combine=combine, norm={"shape": "quadratic"}))
    copy = read_norm(write_norm(norm, tmp_path / "norm.json"))
    table = norm.scores.table.filter("valid")
    np.testing.assert_array_equal(
        copy.lines.occasion.expected(table, level="occasion"),
        norm.lines.occasion.expected(table, level="occasion"),
    )
    persons = norm.period_tables["person"]
    np.testing.assert_array_equal(
        copy.lines.person.expected(persons, level="person"),
        norm.lines.person.expected(persons, level="person"),
    )
    assert list(copy.lines.by_period("window")) == list(norm.lines.by_period("window"))


def test_the_file_has_the_published_shape(norm: Norm) -> None:
    content = norm_to_dict(norm)
    assert content["format"] == 1
    assert set(content["scoring"]) == {"P", "E"}
    assert {"occasion", "window", "person"} <= set(content["lines"])
    line = content["lines"]["person"]
    assert set(line["coefficients"]) == {"intercept", "E"}
    assert {"outcome", "predictors", "units", "reference", "shape", "covariance"} <= set(line)
    assert {"residual_sd", "range_E", "n"} <= set(line)
    assert json.loads(json.dumps(content)) == content


def borrowed(norm: Norm, folder: Path, **changes: Any) -> Norm:
    """Fit another cohort with the lines of `norm`."""
    path = write_norm(norm, folder / "norm.json")
    other = simulated(80, 5, seed=99, norm={"file": str(path)})
    return fit_norm(replace(other, **changes))


def test_another_study_uses_the_lines_as_they_are(norm: Norm, tmp_path: Path) -> None:
    other = borrowed(norm, tmp_path)
    assert other.external == "norm.json"
    assert other.lines.person.coefficients == norm.lines.person.coefficients
    assert other.lines.occasion.coefficients == norm.lines.occasion.coefficients
    own, lent = norm.lines.reference("window"), other.lines.reference("window")
    assert own is not None
    assert lent is not None
    assert lent.coefficients == own.coefficients
    assert windows_of(other)[0].coefficients != windows_of(norm)[0].coefficients


def test_other_scoring_is_refused(norm: Norm, tmp_path: Path) -> None:
    measures = {**MEASURES, "P": replace(MEASURES["P"], method="mean")}
    with pytest.raises(NormError) as caught:
        borrowed(norm, tmp_path, measures=measures)
    assert [finding.code for finding in caught.value.findings] == ["norm-scoring-differs"]
    assert "mean" in caught.value.findings[0].text


@pytest.mark.parametrize("ours", [("2 items added (block 'night-work')",), ()])
def test_a_list_that_was_adapted_is_refused(
    norm: Norm, tmp_path: Path, ours: tuple[str, ...]
) -> None:
    """Also where as many items were added as left out, so that number and range are the same."""
    theirs = () if ours else ("item 4 left out",)
    scores = norm.scores
    lent = {**MEASURES, "E_general": replace(MEASURES["E_general"], adapted=theirs)}
    own = {**MEASURES, "E_general": replace(MEASURES["E_general"], adapted=ours)}
    lender = fit_norm(replace(scores, measures=lent))
    assert borrowed(lender, tmp_path, measures=lent).external == "norm.json"
    with pytest.raises(NormError) as caught:
        borrowed(lender, tmp_path, measures=own)
    assert [finding.code for finding in caught.value.findings] == ["norm-scoring-differs"]
    assert "E.types.general.adapted" in caught.value.findings[0].text


def test_other_wording_is_told_and_used(norm: Norm, tmp_path: Path) -> None:
    own = {**MEASURES, "P": replace(MEASURES["P"], reworded=("3", "5"))}
    other = borrowed(norm, tmp_path, measures=own)
    assert other.lines.person.coefficients == norm.lines.person.coefficients
    (found,) = [one for one in other.findings if one.code == "norm-wording-differs"]
    assert found.severity == "warning"
    assert "reworded there none, here 3 and 5" in found.text
    assert "norm-wording-differs" not in {one.code for one in borrowed(norm, tmp_path).findings}


def test_other_units_are_refused(norm: Norm, tmp_path: Path) -> None:
    measures = {**MEASURES, "E_general": replace(MEASURES["E_general"], unit="z")}
    with pytest.raises(NormError) as caught:
        borrowed(norm, tmp_path, measures=measures)
    assert [finding.code for finding in caught.value.findings] == ["units-differ"]


def test_a_missing_level_is_refused(norm: Norm, tmp_path: Path) -> None:
    path = tmp_path / "norm.json"
    content = norm_to_dict(norm)
    content["lines"]["person"] = None
    content["lines"]["window"] = []
    content["lines"]["window_frozen"] = None
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(NormError) as caught:
        fit_norm(simulated(norm={"file": str(path)}))
    finding = caught.value.findings[0]
    assert finding.code == "norm-level-missing"
    assert finding.evidence.numbers == {"missing": ["person", "window"]}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"format": 2}',
        '{"format": 1, "lines": {}}',
        '{"format": 1, "scoring": {}, "primary": "person", "lines": []}',
        '{"format": 1, "scoring": {}, "primary": "person", "lines": {"person": {"level": 1}}}',
    ],
)
def test_damaged_files_give_one_clear_refusal(tmp_path: Path, content: str) -> None:
    path = tmp_path / "norm.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NormError) as caught:
        read_norm(path)
    assert [finding.code for finding in caught.value.findings] == ["norm-file-unreadable"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NormError) as caught:
        read_norm(tmp_path / "nothing.json")
    assert caught.value.findings[0].evidence.file == "nothing.json"
