"""SR at every level: observed minus expected, with its sign, by a line of its own level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.columns import declared
from salutogen.norm import fit_norm, read_norm
from salutogen.norm.lines import Level
from salutogen.norm.norm_file import write_norm
from salutogen.resilience import Resilience, score_resilience
from salutogen.resilience.levels import COLUMNS, POSITIONS, completed
from tests.norm.cohorts import simulated

PHASES = {"phases": {"before": {"from": "T0", "to": "T1"}, "after": {"from": "T2", "to": "T4"}}}


def scored(**parts: object) -> Resilience:
    scores = simulated(**parts)
    return score_resilience(scores, fit_norm(scores), bootstrap=50)


@pytest.fixture(scope="module")
def result() -> Resilience:
    return scored(resilience=PHASES)


def test_columns_stand_in_the_order_of_the_contract(result: Resilience) -> None:
    first = ["subject", "occasion", "time", "E", "P", "P_expected", "SR"]
    occasions = completed(result.occasions, "occasion", result.norm)
    assert occasions.columns[:7] == first
    windows = ["subject", "window", "first_occasion", "last_occasion", "n_valid", "E", "P"]
    told = completed(result.windows, "window", result.norm)
    assert told.columns[:9] == [*windows, "SR_frozen", "SR_refit"]
    assert result.persons.columns[:6] == ["subject", "n_valid", "E", "P", "P_expected", "SR"]


def test_what_follows_from_a_row_is_added_when_it_is_told(result: Resilience) -> None:
    kept = result.occasions
    assert not {"subject", "SR_low", "SR_high"} & set(kept.columns)
    told = completed(kept, "occasion", result.norm)
    names = result.scores.persons["subject"].to_list()
    assert told["subject"].to_list() == [names[person] for person in kept["person"]]
    known = told.filter(pl.col("SR_se").is_not_null())
    assert known.height
    half = 1.959963984540054 * known["SR_se"].to_numpy()
    np.testing.assert_array_equal(known["SR_low"], known["SR"].to_numpy() - half)
    np.testing.assert_array_equal(known["SR_high"], known["SR"].to_numpy() + half)
    unknown = told.filter(pl.col("SR_se").is_null()).select("SR_low", "SR_high")
    assert unknown.null_count().row(0) == (unknown.height, unknown.height)
    parts = pl.concat(
        completed(kept.slice(start, 7), "occasion", result.norm)
        for start in range(0, kept.height, 7)
    )
    assert parts.equals(told)


def test_sr_is_observed_minus_expected_with_its_sign(result: Resilience) -> None:
    for table in (result.occasions, result.persons):
        known = table.filter(pl.col("SR").is_not_null())
        np.testing.assert_allclose(known["SR"], known["P"] - known["P_expected"], atol=1e-12)
        assert (known["SR"] > 0).any()
        assert (known["SR"] < 0).any()


def test_more_problems_at_the_same_exposure_mean_a_higher_score(result: Resilience) -> None:
    line = result.norm.lines.person
    same = pl.DataFrame({"E": [40.0, 40.0], "P": [10.0, 20.0]})
    SR = same["P"].to_numpy() - line.expected(same, level="person")
    assert SR[1] - SR[0] == pytest.approx(10.0)


def test_standardised_scores_are_divided_and_never_centred_again(result: Resilience) -> None:
    windows = completed(result.windows, "window", result.norm)
    table = windows.filter(pl.col("window") == windows["window"].max())
    line = result.norm.lines.reference("window")
    assert line is not None
    np.testing.assert_allclose(table["SR_frozen_z"], table["SR_frozen"] / line.residual_sd)
    assert abs(table["SR_frozen_z"].mean()) > 1e-6
    first = windows.filter(pl.col("window") == 1)["SR_frozen_z"].to_numpy()
    assert np.std(first, ddof=1) == pytest.approx(1.0)
    for period, own in result.norm.lines.by_period("window").items():
        rows = windows.filter(window=period.number)
        np.testing.assert_array_equal(
            rows["SR_refit_z"], rows["SR_refit"].to_numpy() / own.residual_sd
        )


def test_windows_and_persons_by_brute_force(result: Resilience) -> None:
    rows = result.scores.table.filter("valid")
    line = result.norm.lines.reference("window")
    assert line is not None
    for window in (1, 2, 3):
        inside = rows.filter(pl.col("occasion_index").is_between(window - 1, window + 1))
        for person in (0, 7, 31):
            own = inside.filter(pl.col("person") == person)
            found = result.windows.filter(
                (pl.col("person") == person) & (pl.col("window") == window)
            )
            if own.height < 2:
                assert found.height == 0
                continue
            expected = own["P"].mean() - line.intercept - line.slope * own["E"].mean()
            assert found["SR_frozen"][0] == pytest.approx(expected)
            assert found["n_valid"][0] == own.height
            assert found["time"][0] == pytest.approx(own["time"].mean())


def test_refitted_windows_have_mean_zero_and_no_correlation_with_exposure(
    result: Resilience,
) -> None:
    for _, table in result.windows.group_by("window"):
        assert table["SR_refit"].mean() == pytest.approx(0.0, abs=1e-10)
        assert np.corrcoef(table["SR_refit"], table["E"])[0, 1] == pytest.approx(0, abs=1e-10)


def test_weighted_mean_of_phases_is_the_long_term_score_on_one_line(result: Resilience) -> None:
    weighted = (
        result.phases.with_columns(pl.col("SR_common") * pl.col("n_valid"))
        .group_by("person", maintain_order=True)
        .agg(pl.col("SR_common").sum() / pl.col("n_valid").sum())
    )
    both = result.persons.join(weighted, on="person", maintain_order="left")
    np.testing.assert_allclose(both["SR_common"], both["SR"], atol=1e-10)
    first = result.phases.filter(pl.col("phase") == "before")
    np.testing.assert_allclose(first["SR_frozen"], first["SR_refit"], atol=1e-12)


def test_scores_by_type_have_lines_of_their_own(result: Resilience) -> None:
    rows = result.occasions.filter("valid")
    for kind in ("general", "pandemic"):
        r = np.corrcoef(rows[f"SR_{kind}"], rows[f"E_{kind}"])[0, 1]
        assert r == pytest.approx(0.0, abs=1e-10)
        r = np.corrcoef(result.persons[f"SR_{kind}"], result.persons[f"E_{kind}"])[0, 1]
        assert r == pytest.approx(0.0, abs=1e-10)
        assert f"SR_{kind}" in result.windows.columns


def test_rows_without_a_value_keep_their_place_and_have_no_score() -> None:
    scores = simulated()
    P = pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("P"))
    table = scores.table.with_columns(P=P).with_columns(valid=pl.col("P").is_not_null())
    scores = replace(scores, table=table)
    result = score_resilience(scores, fit_norm(scores), bootstrap=0)
    assert result.occasions.height == table.height
    missing = table["P"].is_null()
    assert result.occasions["SR"].is_null().equals(missing.alias("SR"))
    assert result.occasions.filter(missing)["SR_se"].null_count() == missing.sum()
    assert result.occasions["P_expected"].null_count() == 0


def test_exposure_beyond_the_reference_range_is_flagged() -> None:
    scores = simulated(norm={"reference": {"arm": "control"}})
    result = score_resilience(scores, fit_norm(scores), bootstrap=0)
    low, high = result.norm.lines.occasion.exposure_range
    rows = result.occasions.filter("valid")
    outside = ((rows["E"] < low) | (rows["E"] > high)).alias("extrapolated")
    assert rows["extrapolated"].equals(outside)
    if outside.any():
        assert "extrapolated-scores" in [finding.code for finding in result.findings]


def test_a_borrowed_line_gives_identical_scores(tmp_path: Path) -> None:
    scores = simulated()
    own = score_resilience(scores, fit_norm(scores), bootstrap=0)
    path = write_norm(own.norm, tmp_path / "norm.json")
    assert read_norm(path).lines.reference("person") is not None
    settings = scores.study.plan.norm.model_copy(update={"file": str(path)})
    again = score_resilience(scores, fit_norm(scores, settings=settings), bootstrap=0)
    assert again.occasions["SR"].equals(own.occasions["SR"])
    assert again.persons["SR"].equals(own.persons["SR"])
    assert again.windows["SR_frozen"].equals(own.windows["SR_frozen"])


@pytest.mark.parametrize("combine", ["composite", "separate"])
def test_other_combinations_of_types_give_scores(combine: str) -> None:
    result = scored(combine=combine)
    rows = result.occasions.filter("valid")
    assert rows["SR"].null_count() == 0
    assert rows["SR"].mean() == pytest.approx(0.0, abs=1e-9)
    assert result.persons["SR"].mean() == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=6)
@given(shift=st.floats(-5, 5), seed=st.integers(0, 50))
def test_adding_problems_to_everyone_does_not_change_the_scores(shift: float, seed: int) -> None:
    scores = simulated(40, 4, seed=seed)
    moved = replace(
        scores,
        table=scores.table.with_columns(P=pl.col("P") + shift),
        measures={},
    )
    before = score_resilience(scores, fit_norm(scores), bootstrap=0)
    after = score_resilience(moved, fit_norm(moved), bootstrap=0)
    np.testing.assert_allclose(after.occasions["SR"], before.occasions["SR"], atol=1e-8)
    np.testing.assert_allclose(after.windows["SR_frozen"], before.windows["SR_frozen"], atol=1e-8)


def test_order_and_names_of_persons_do_not_matter() -> None:
    scores = simulated(60, 4)
    n = scores.persons.height
    turned = scores.table.with_columns(
        person=(n - 1 - pl.col("person").cast(pl.Int64)).cast(pl.UInt32)
    ).sort("person", "occasion_index")
    persons = scores.persons.reverse().with_columns(person=pl.int_range(n, dtype=pl.UInt32))
    other = replace(scores, table=turned, persons=persons)
    before = score_resilience(scores, fit_norm(scores), bootstrap=0).persons.sort("subject")
    after = score_resilience(other, fit_norm(other), bootstrap=0).persons.sort("subject")
    np.testing.assert_allclose(after["SR"], before["SR"], atol=1e-10)


@pytest.mark.parametrize("level", ["occasion", "window", "phase", "person"])
def test_every_column_is_declared_once_in_its_order(result: Resilience, level: Level) -> None:
    table = {
        "occasion": result.occasions,
        "window": result.windows,
        "phase": result.phases,
        "person": result.persons,
    }[level]
    names = [name for name in table.columns if name not in POSITIONS]
    found = [declared(name, COLUMNS[level]) for name in names]
    assert None not in found
    places = [COLUMNS[level].index(item) for item in found if item and "<" not in item.name]
    assert places == sorted(places)
    assert table.columns[len(names) :] == [name for name in POSITIONS if name in table.columns]


def test_the_representation_is_short_and_names_nobody(result: Resilience) -> None:
    assert len(repr(result)) < 200
    assert "s 0" not in repr(result)
