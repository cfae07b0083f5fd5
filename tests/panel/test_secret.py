"""Labels of persons come from the answers, so that seed and number alone do not tell them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

import salutogen as sg
from salutogen.page.audience import Audience
from salutogen.panel.secret import secret_of
from tests.end_to_end.hidden_studies import plant


def test_the_secret_is_of_the_answers(tmp_path: Path) -> None:
    planted = plant(tmp_path, n=12)
    study = sg.read_study(planted.study)
    people = pl.read_csv(tmp_path / "people.csv")
    one, again = (
        secret_of(study.read({"answers": planted.answers, "people": people})) for _ in range(2)
    )
    assert one == again
    other = planted.answers.with_columns(
        P_1=pl.when(pl.int_range(pl.len()) == 5).then(pl.col("P_1") + 1).otherwise(pl.col("P_1"))
    )
    assert secret_of(study.read({"answers": other, "people": people})) != one
    renamed = [frame.with_columns(pid="X" + pl.col("pid")) for frame in (planted.answers, people)]
    data = dict(zip(("answers", "people"), renamed, strict=True))
    assert secret_of(study.read(data)) != one


def test_labels_are_not_those_of_seed_and_number() -> None:
    places = [Audience(individuals=True, n_persons=300, seed=1, secret=s).places for s in (0, 7, 8)]
    for one, other in ((0, 1), (1, 2)):
        assert abs(np.corrcoef(places[one], places[other])[0, 1]) < 0.2
    assert "secret" not in repr(Audience(individuals=True, n_persons=3, seed=1, secret=7))
