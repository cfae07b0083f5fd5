"""DynaCORE-L, from the example study: values of R from the same items, and of Polars here."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from salutogen.scores import Scores, rescore, score
from salutogen.study import read_study

MOOD = [f"CM_{number:02d}" for number in range(1, 13)]
GENERAL = [f"GE_{number:02d}" for number in range(1, 12)]
PANDEMIC = [f"CE_{number:02d}" for number in range(1, 30)]


@pytest.fixture(scope="module")
def answers(shared_data: Path) -> pl.DataFrame:
    return pl.read_csv(
        shared_data / "dynacore-l" / "dynacore_l.csv", infer_schema_length=None
    ).with_columns(pl.col("subject.ID").cast(pl.String), pl.col("beep").cast(pl.String))


@pytest.fixture(scope="module")
def aligned(answers: pl.DataFrame, scores: Scores) -> pl.DataFrame:
    """Answers joined to the scores by person and occasion, not by position."""
    subjects = scores.persons["subject"].gather(scores.table["person"])
    table = scores.table.with_columns(subjects, pl.col("occasion").cast(pl.String))
    return pl.concat([table, scores.alternatives], how="horizontal").join(
        answers,
        left_on=["subject", "occasion"],
        right_on=["subject.ID", "beep"],
        how="left",
        maintain_order="left",
    )


@pytest.fixture(scope="module")
def scores(shared_data: Path, repository: Path) -> Scores:
    study = read_study(repository / "examples" / "dynacore-l" / "study.yaml")
    return score(study.read(shared_data / "dynacore-l"))


def correlation(frame: pl.DataFrame, first: str, second: str) -> float:
    return float(frame.select(pl.corr(first, second)).item())


@pytest.mark.parametrize(
    ("column", "mean", "sd"),
    [
        ("P", 14.352, 5.901),
        ("E", 43.897, 20.513),
        ("E_general", 13.033, 7.576),
        ("E_pandemic", 30.864, 15.584),
    ],
)
def test_means_and_sds(scores: Scores, column: str, mean: float, sd: float) -> None:
    assert scores.table.height == 1045
    assert scores.table[column].mean() == pytest.approx(mean, abs=5e-4)
    assert scores.table[column].std() == pytest.approx(sd, abs=5e-4)


def test_problems_reach_34(scores: Scores) -> None:
    assert scores.table["P"].max() == 34


@pytest.mark.parametrize(
    ("column", "r"), [("E", 0.4923), ("E_general", 0.4958), ("E_pandemic", 0.4069)]
)
def test_correlations_with_problems(scores: Scores, column: str, r: float) -> None:
    assert correlation(scores.table, column, "P") == pytest.approx(r, abs=5e-5)


def test_equal_weight_composite(scores: Scores) -> None:
    composite = rescore(scores, combine="composite")
    assert correlation(composite.table, "E", "P") == pytest.approx(0.5194, abs=5e-5)
    assert composite.table["E"].mean() == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("name", "r"), [("general", 0.8850), ("pandemic", 0.8869)])
def test_count_against_severity(scores: Scores, name: str, r: float) -> None:
    found = correlation(scores.alternatives, f"E_{name}_count", f"E_{name}_severity")
    assert found == pytest.approx(r, abs=5e-5)


def test_the_flag_of_a_free_text_answer_is_not_an_event(
    aligned: pl.DataFrame, scores: Scores
) -> None:
    """GE_12 marks that something was written; counting it gives the demo's .8752."""
    contaminated = aligned.select(
        count=pl.sum_horizontal((pl.col([*GENERAL, "GE_12"]) > 0).cast(pl.Int32)),
        severity=pl.sum_horizontal(GENERAL),
    )
    assert correlation(contaminated, "count", "severity") == pytest.approx(0.8752, abs=5e-5)
    clean = aligned.select(pl.sum_horizontal((pl.col(GENERAL) > 0).cast(pl.Float64)))
    assert aligned["E_general_count"].to_list() == clean.to_series().to_list()
    assert set(scores.item_quality["item"]) == {*GENERAL, *PANDEMIC}


def test_every_row_is_the_sum_of_its_items(aligned: pl.DataFrame) -> None:
    for column, items in (("P", MOOD), ("E_general", GENERAL), ("E_pandemic", PANDEMIC)):
        by_row = aligned.select(pl.sum_horizontal(items).cast(pl.Float64)).to_series()
        assert aligned[column].to_list() == by_row.to_list()
    assert aligned["time"].to_list() == aligned["start.Date"].cast(pl.Float64).to_list()
    assert aligned["factor:coping-now"].to_list() == aligned["BCS_state"].cast(pl.Float64).to_list()


def test_reliability_on_independent_persons(scores: Scores) -> None:
    first, repeated, general, pandemic = scores.reliability
    assert (first.level, first.n) == ("first form", 200)
    assert first.alpha == pytest.approx(0.864, abs=5e-4)
    assert first.omega is not None
    assert 0.86 < first.omega < 0.88
    assert scores.reliability_p is not None
    assert scores.reliability_p == pytest.approx(first.omega, abs=0.02)
    assert (repeated.level, repeated.n) == ("all forms", 1045)
    for events in (general, pandemic):
        assert events.alpha is None
        assert "internal consistency has no meaning" in events.note


def test_exposure_explains_what_it_did_in_r(scores: Scores) -> None:
    """[33]: R2 of the combined exposure at each occasion, .229 / .236 / .290 at the first three."""
    combined = scores.exposure_quality.filter(pl.col("type") == "all types")
    shares = combined["r_squared"].to_list()
    assert shares[0] == pytest.approx(0.229, abs=5e-4)
    assert shares[1] == pytest.approx(0.236, abs=5e-4)
    assert shares[2] == pytest.approx(0.290, abs=5e-4)
    assert all(0.205 < share < 0.305 for share in shares)
    assert combined["n"].to_list() == [200, 195, 186, 181, 159, 124]


def test_a_week_of_recall_covers_a_median_gap_of_a_week(scores: Scores) -> None:
    general = scores.exposure_quality.filter(pl.col("type") == "general")["coverage"].to_list()
    assert general[0] is None
    assert general[1:] == [pytest.approx(1.0)] * 5


def test_item_quality_against_polars(aligned: pl.DataFrame, scores: Scores) -> None:
    for row in scores.item_quality.iter_rows(named=True):
        assert row["endorsed_share"] == pytest.approx((aligned[row["item"]] > 0).mean())
        assert row["r_with_P"] == pytest.approx(correlation(aligned, row["item"], "P"))


def test_bimodal_scoring_stands_beside(aligned: pl.DataFrame) -> None:
    bimodal = aligned.select(pl.sum_horizontal((pl.col(MOOD) >= 2).cast(pl.Float64)))
    assert aligned["P_bimodal"].to_list() == bimodal.to_series().to_list()


def test_flow_counts_every_occasion(scores: Scores) -> None:
    assert scores.flow["planned"].to_list() == [200] * 6
    assert scores.flow["valid"].to_list() == [200, 195, 186, 181, 159, 124]


def test_severity_says_that_it_carries_appraisal(scores: Scores) -> None:
    said = [one for one in scores.findings if one.code == "severity-carries-appraisal"]
    assert len(said) == 1, "one note lists both types"
    correlations = said[0].evidence.numbers["r_count_severity"]
    assert list(correlations) == ["general", "pandemic"]
    assert correlations["general"] == pytest.approx(0.8850, abs=5e-5)


def test_reliability_between_and_within_persons(scores: Scores) -> None:
    """Changes within persons are measured less well than differences between them."""
    (one,) = scores.between_within
    assert (one.scale, one.n_items, one.n, one.n_forms) == ("P", 12, 200, 1045)
    assert one.omega_between == pytest.approx(0.950, abs=5e-4)
    assert one.omega_within == pytest.approx(0.768, abs=5e-4)
    assert one.icc == pytest.approx(0.69, abs=0.01)
    assert one.person_mean == pytest.approx(0.918, abs=5e-4)
