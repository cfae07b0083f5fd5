"""Categories in the line: nobody is scored as the reference category for want of a term."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import NormError
from salutogen.namespaces import covariate_column
from salutogen.norm import Norm, fit_norm
from salutogen.norm.norm_file import write_norm
from salutogen.resilience import score_resilience
from salutogen.scores import Scores
from tests.norm.cohorts import simulated

SITE = {"covariates": ["site"]}


def with_sites(scores: Scores, sites: list[str | None]) -> Scores:
    return replace(scores, persons=scores.persons.with_columns(site=pl.Series(sites)))


def cycle(labels: str, n: int, *first: str) -> list[str | None]:
    return [*first, *(labels[index % len(labels)] for index in range(len(first), n))]


def borrowed(folder: Path, sites: list[str | None], *, without_labels: bool = False) -> Norm:
    """Score persons of these sites with the lines of a study of A, B and C."""
    path = write_norm(fit_norm(simulated(norm=SITE)), folder / "norm.json")
    if without_labels:
        content = json.loads(path.read_text(encoding="utf-8"))
        lines = content["lines"]
        for line in (lines["occasion"], lines["person"], lines["window_frozen"], *lines["window"]):
            del line["labels"]
        path.write_text(json.dumps(content), encoding="utf-8")
    other = simulated(len(sites), 5, seed=99, norm=SITE | {"file": str(path)})
    return fit_norm(with_sites(other, sites))


@pytest.mark.parametrize("without_labels", [False, True])
def test_a_label_that_a_borrowed_line_does_not_know_gives_no_score(
    tmp_path: Path, without_labels: bool
) -> None:
    sites = cycle("ABC", 60, "X", "X", "Y")
    norm = borrowed(tmp_path, sites, without_labels=without_labels)
    told = {one.code: one for one in norm.findings}["category-without-line"]
    assert told.evidence.numbers["persons"] == 3
    assert told.evidence.numbers["labels"] == ["X", "Y"]
    found = score_resilience(norm.scores, norm, bootstrap=0)
    for table, column in (
        (found.persons, "SR"),
        (found.occasions, "SR"),
        (found.windows, "SR_frozen"),
    ):
        rows = table.filter(pl.col("person") < 3)
        assert rows.height
        assert rows[column].null_count() == rows.height
        assert (
            table.filter(pl.col("person") >= 3, pl.col("P").is_not_null())[column].null_count() == 0
        )
    assert found.claims.n == 57
    line, table = norm.lines.person, norm.period_tables["person"].filter(pl.col("person") >= 3)
    site = table[covariate_column("site")]
    by_hand = sum(
        b * (1.0 if term == "intercept" else table["E"] if term == "E" else site == term[-1])
        for term, b in zip(line.terms, line.coefficients, strict=True)
    )
    own = found.persons.filter(pl.col("person") >= 3)["P_expected"]
    np.testing.assert_allclose(own, by_hand, rtol=1e-12)


def test_where_nobody_has_a_known_label_the_line_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NormError) as caught:
        borrowed(tmp_path, cycle("XY", 40))
    assert [one.code for one in caught.value.findings] == ["category-unknown"]
    assert "site: X, Y" in caught.value.findings[0].text


def test_an_older_file_with_two_possible_references_is_refused(tmp_path: Path) -> None:
    sites = cycle("AB", 40, "0", "0")
    with pytest.raises(NormError) as caught:
        borrowed(tmp_path, sites, without_labels=True)
    assert [one.code for one in caught.value.findings] == ["reference-label-unknown"]
    assert borrowed(tmp_path, sites).lines.person.labels == {"site": ("A", "B", "C")}


@pytest.mark.parametrize("shape", ["linear", "quadratic"])
def test_a_person_who_is_a_category_alone_has_no_score_and_moves_no_line(shape: str) -> None:
    scores = simulated(60, 5, norm=SITE | {"shape": shape})
    norm = fit_norm(with_sites(scores, cycle("ABC", 60, "alone")))
    absent = fit_norm(with_sites(scores, [None, *cycle("ABC", 60)[1:]]))
    assert norm.lines.person.terms == absent.lines.person.terms
    for level in ("occasion", "person", "window"):
        line, same = norm.lines.reference(level), absent.lines.reference(level)
        assert line is not None
        assert same is not None
        assert line.coefficients == same.coefficients
    told = {one.code: one for one in norm.findings}["category-without-line"]
    assert "1 person has a site that fewer than two persons have" in told.text
    assert "alone" in told.text
    found = score_resilience(norm.scores, norm, bootstrap=20)
    assert found.claims.n == 59
    own = found.persons.filter(pl.col("person") == 0)
    assert (
        own.select("SR", "SR_z", "SR_shrunken", "reliability", "clear").null_count().row(0)
        == (1,) * 5
    )
    for table, columns in (
        (found.occasions, ["SR"]),
        (found.windows, ["SR_frozen", "SR_refit"]),
    ):
        rows = table.filter(pl.col("person") == 0)
        assert all(rows[name].null_count() == rows.height for name in columns)
    assert all(
        interval.low is not None
        for terms in found.bootstrap.lines.values()
        for interval in terms.values()
    )


def test_a_category_that_the_first_window_lacks_has_no_frozen_score() -> None:
    scores = simulated(60, 5, norm=SITE)
    late = cycle("AB", 60, "C", "C", "C")
    table = scores.table.filter((pl.col("person") > 2) | (pl.col("occasion_index") >= 3))
    norm = fit_norm(with_sites(replace(scores, table=table), late))
    frozen = norm.lines.reference("window")
    assert frozen is not None
    assert frozen.labels == {"site": ("A", "B")}
    windows = score_resilience(norm.scores, norm, bootstrap=0).windows.filter(pl.col("person") < 3)
    assert windows["SR_frozen"].null_count() == windows.height
    assert windows["SR_refit"].count() > 0
