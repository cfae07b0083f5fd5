"""The shipped examples: valid, feasible, and calibrated to what is published."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
import polars as pl
import pytest

from salutogen.scores import score
from salutogen.simulation import simulate
from salutogen.study import read_study
from tests.simulation.measures import correlation


def person_icc(frame: pl.DataFrame, column: str, person: str = "subject") -> float:
    """ICC(1) from unbalanced mean squares."""
    group = frame.group_by(person).agg(
        pl.len().alias("n"), pl.col(column).mean().alias("m"), pl.col(column).var().alias("v")
    )
    n, m, v = (group[name].to_numpy() for name in ("n", "m", "v"))
    n, m, v = n[n > 1], m[n > 1], v[n > 1]
    within = (v * (n - 1)).sum() / (n - 1).sum()
    grand = (n * m).sum() / n.sum()
    between = (n * (m - grand) ** 2).sum() / (n.size - 1)
    size = (n.sum() - (n**2).sum() / n.sum()) / (n.size - 1)
    return float((between - within) / (between + (size - 1) * within))


@pytest.fixture(scope="module")
def quarterly(repository):
    """Scores of a large cohort from the quarterly example."""
    study = read_study(repository / "examples" / "quarterly" / "study.yaml")
    answers = simulate(study, persons=4096, seed=1).frames["answers"]

    def score(pattern: str) -> pl.Expr:
        return pl.sum_horizontal(pl.col(pattern).cast(pl.Int32).fill_null(0))

    return answers.select(
        "subject",
        "occasion",
        P=pl.mean_horizontal("^GHQ_.*$") * 28,
        hassles=score("^DH_.*$"),
        events=pl.sum_horizontal(pl.col("^LE_.*$") > 0),
    )


@pytest.mark.parametrize(
    ("column", "mean", "sd", "published_icc"),
    # LORA, N = 1191, slides of the group's workshop: hassles and GHQ-28.
    [("hassles", 61.5, 29.0, 0.38), ("P", 19.6, 9.67, 0.33)],
)
def test_quarterly_is_calibrated_to_lora(quarterly, column, mean, sd, published_icc):
    assert quarterly[column].mean() == pytest.approx(mean, rel=0.03)
    assert quarterly[column].std() == pytest.approx(sd, rel=0.03)
    assert person_icc(quarterly, column) == pytest.approx(published_icc, abs=0.03)


def test_quarterly_has_a_line_and_loses_persons(quarterly):
    assert 0.3 < correlation(quarterly["hassles"].to_numpy(), quarterly["P"].to_numpy()) < 0.6
    by_occasion = quarterly.group_by("occasion").len().sort("occasion")["len"].to_numpy() / 4096
    assert by_occasion[0] == 1.0
    assert 0.6 < by_occasion[-1] < 0.85
    assert np.all(np.diff(by_occasion) < 0.02)


@pytest.mark.parametrize("name", ["quarterly", "weekly", "bursts", "trial"])
def test_every_template_can_be_simulated_and_scored(name):
    template = files("salutogen.study.templates").joinpath(f"{name}.yaml")
    with as_file(template) as path:
        study = read_study(path)
    scores = score(study.read(simulate(study, persons=60, seed=1).frames))
    assert scores.valid.height == 60 * len(study.occasions)
    assert scores.valid["P"].std() > 0
    assert scores.valid["E"].std() > 0


def test_scale_example_has_52_items_at_8_occasions(repository):
    study = read_study(repository / "examples" / "scale" / "study.yaml")
    answers = simulate(study, persons=200, seed=1).frames["answers"]
    assert len(study.occasions) == 8
    assert sum(len(instrument.items) for instrument in study.instruments.values()) == 52
    assert answers.select(pl.exclude("subject", "occasion", "day")).width == 52
    assert answers["occasion"].n_unique() == 8


def test_the_shipped_cohort_has_no_known_weakness(repository):
    """What a first reader runs: a design without a warning, and answers as asked for."""
    study = read_study(repository / "examples" / "cohort" / "study.yaml")
    assert [item.code for item in study.findings if item.severity != "note"] == []
    scores = score(study.read(simulate(study, persons=1000, seed=1).frames))
    valid = scores.valid
    assert 0.95 < valid.height / (1000 * len(study.occasions)) < 0.99
    targets = (study.plan.simulation or {})["scales"]
    assert 1 < valid["P"].mean() - targets["ghq-28"]["mean"] < 4, "events come on top"
    assert valid["E_hassles"].mean() == pytest.approx(targets["hassles"]["mean"], rel=0.03)
    assert person_icc(valid, "E_hassles", "person") == pytest.approx(
        targets["hassles"]["icc"], abs=0.03
    )
