"""Completed sets of a file: the same as those made here, refused where they are of other data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.change_on_baseline.analysis import compute as change
from salutogen.analyses.change_on_baseline.settings import ChangeOnBaselineSettings
from salutogen.analyses.completed_elsewhere import _named
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.completed import STREAM
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.mechanism.analysis import compute as mechanism
from salutogen.models import ChainedImputation
from tests.analyses.change_on_baseline.test_completed import cohort as change_cohort
from tests.analyses.factors.test_completed import cohort
from tests.analyses.mechanism.test_completed import asked, gappy

M = 5


def settings(**given: Any) -> FactorsSettings:
    return FactorsSettings.model_validate(
        {"draws": 200, "imputations": M, "covariates": ["age"], **given}
    )


@pytest.fixture(scope="module")
def here() -> tuple[AnalysisInputs, FactorsResult]:
    inputs = cohort()
    return inputs, compute(inputs, settings())


def beside(inputs: AnalysisInputs, folder: Path) -> AnalysisInputs:
    """The same study, whose file stands in a folder."""
    return replace(inputs, study=replace(inputs.study, path=folder / "study.yaml"))


def long_form(table: pl.DataFrame, sets: np.ndarray) -> pl.DataFrame:
    """Data and completed sets below each other, as R's mice writes them."""
    names = [name for name in table.columns if name not in (".id", "subject")]
    keys = table.select(".id")
    parts = [keys.with_columns(table[names]).with_columns(pl.lit(0).alias(".imp"))]
    for number, values in enumerate(sets, start=1):
        own = pl.DataFrame(dict(zip(names, values.T, strict=True)))
        parts.append(keys.with_columns(own).with_columns(pl.lit(number).alias(".imp")))
    return pl.concat(parts)


def completed_table(result: Any, inputs: AnalysisInputs, stream: int) -> pl.DataFrame:
    """The table that a step writes, completed as the step itself does it."""
    (file,) = result.files().values()
    assert file.personal
    table = file.table
    wide = table.drop(".id", "subject").fill_null(np.nan)
    made = ChainedImputation(
        columns=wide.columns, imputations=M, iterations=result.completed.iterations,
        seed=inputs.run.seed + stream,
    ).fit(wide.to_numpy())  # fmt: skip
    return long_form(table, made.arrays())


@pytest.fixture(scope="module")
def long(here: tuple[AnalysisInputs, FactorsResult]) -> pl.DataFrame:
    return completed_table(here[1], here[0], STREAM)


def with_file(inputs: AnalysisInputs, folder: Path, long: pl.DataFrame, name: str) -> FactorsResult:
    path = folder / name
    if path.suffix == ".parquet":
        long.write_parquet(path)
    elif path.suffix == ".csv":
        long.write_csv(path, null_value="NA")
    return compute(beside(inputs, folder), settings(imputations={"file": name}))


@pytest.mark.parametrize("name", ["sets.csv", "sets.parquet"])
def test_sets_of_a_file_give_what_the_same_sets_give_here(
    here: tuple[AnalysisInputs, FactorsResult], long: pl.DataFrame, tmp_path: Path, name: str
) -> None:
    inputs, result = here
    found = with_file(inputs, tmp_path, long.sample(fraction=1, shuffle=True, seed=3), name)
    assert found.completed is not None
    assert (found.completed.file, found.completed.sets) == (name, M)
    assert found.completed.iterations is found.completed.r_hat is None
    for mine, theirs in zip(found.factors, result.factors, strict=True):
        assert mine.completed is not None
        assert theirs.completed is not None
        for model in ("alone", "joint", "given_earlier_problems"):
            one, other = (getattr(item.completed, model) for item in (mine, theirs))
            for step in ("two_step", "one_step"):
                a, b = getattr(one, step), getattr(other, step)
                assert [a.b, a.se, a.df] == pytest.approx([b.b, b.se, b.df])
    words = str(found.sections(inputs.run.audience)[0].paragraphs)
    assert f"completed elsewhere, in {M} sets ({name})" in words
    assert f"completed elsewhere ({name})" in found.methods().worded(str)
    assert "factors-chains" not in [
        one.name for one in found.sections(inputs.run.audience)[0].figures
    ]


def test_names_that_R_made_and_columns_without_gaps_that_are_left_out_do_no_harm(
    here: tuple[AnalysisInputs, FactorsResult], long: pl.DataFrame, tmp_path: Path
) -> None:
    inputs, _ = here
    plain = long.drop("chance").rename(lambda name: name.replace(" ", "."))
    assert "later.problems" in plain.columns
    found = with_file(inputs, tmp_path, plain, "sets.csv")
    assert found.completed is not None


@pytest.mark.parametrize(
    ("title", "of_R"),
    [
        ("Größe (cm)", "Größe..cm."), ("Größe (cm)", "Gr..e..cm."), ("2nd-year score",
        "X2nd.year.score"), ("_hidden", "X_hidden"), ("later problems", "later_problems"),
        ("-log p", "X..log.p"),  # in the file with an apostrophe, as it begins like a formula
    ],
)  # fmt: skip
def test_names_are_known_as_R_makes_them_in_any_locale(title: str, of_R: str) -> None:
    assert _named(title, ["x", "later.problem", of_R]) == of_R
    assert _named(title, ["x", title, of_R]) == title
    assert _named(title, ["x"]) is None


def test_the_order_of_rows_and_set_0_do_not_matter_but_their_numbers_do(
    here: tuple[AnalysisInputs, FactorsResult], long: pl.DataFrame, tmp_path: Path
) -> None:
    inputs, _ = here
    asked_for = settings(imputations={"file": "sets.csv", "set": "number", "row": "line"})
    long.filter(pl.col(".imp") > 0).rename({".imp": "number", ".id": "line"}).write_csv(
        tmp_path / "sets.csv"
    )
    assert compute(beside(inputs, tmp_path), asked_for).completed is not None


CHANGES: dict[str, tuple[Callable[[pl.DataFrame], pl.DataFrame], str]] = {
    "another value": (
        lambda long: long.with_columns(
            pl.when((pl.col(".imp") == 2) & (pl.col(".id") == 4))
            .then(pl.col("chance") + 0.5).otherwise(pl.col("chance")).alias("chance")
        ),
        "Completed set 2 differs where values were seen: chance",
    ),
    "rows sorted in another way": (
        lambda long: long.with_columns((240 - pl.col(".id") + 1).alias(".id")),
        "differs where values were seen",
    ),
    "a row too few": (
        lambda long: long.filter((pl.col(".imp") != 3) | (pl.col(".id") != 9)),
        "set 3 has 239 rows",
    ),
    "a gap that is left": (
        lambda long: long.with_columns(
            pl.when((pl.col(".imp") == 1) & (pl.col(".id") == 8))
            .then(None).otherwise(pl.col("age")).alias("age")
        ),
        "still lacks values of age",
    ),
    "a value without end": (
        lambda long: long.with_columns(
            pl.when((pl.col(".imp") == 1) & (pl.col(".id") == 8))
            .then(float("inf")).otherwise(pl.col("age")).alias("age")
        ),
        "set 1 has infinite values of age",
    ),
    "numbers of few digits": (
        lambda long: long.with_columns(pl.col("chance").round_sig_figs(6)), "or numbers rounded"
    ),
    "no column of what is missing": (
        lambda long: long.drop("optimism"), "no column 'optimism', of which values are missing"
    ),
    "no number of the set": (lambda long: long.drop(".imp"), "no column '.imp'"),
    "one set": (lambda long: long.filter(pl.col(".imp") < 2), "at least 2 completed sets"),
    "a number of the set between two": (
        lambda long: long.with_columns(
            pl.when(pl.col(".imp") == 2).then(1.5).otherwise(pl.col(".imp")).alias(".imp")
        ),
        ".imp: expected whole numbers from 0, got 1.5",
    ),
    "a number of the set below 0": (
        lambda long: long.with_columns(pl.col(".imp") - 1), "expected whole numbers from 0, got -1"
    ),
    "words": (
        lambda long: long.with_columns(pl.col("chance").cast(pl.String) + " points"),
        "'chance' holds something else than numbers",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change_", CHANGES)
def test_sets_of_other_data_are_refused_and_the_rest_stands(
    here: tuple[AnalysisInputs, FactorsResult], long: pl.DataFrame, tmp_path: Path, change_: str
) -> None:
    change_of, words = CHANGES[change_]
    found = with_file(here[0], tmp_path, change_of(long), "sets.csv")
    assert found.completed is None
    assert found.factors
    (told,) = [item.text for item in found.findings if item.code == "completed-sets-not-made"]
    assert words in told


def test_a_file_that_is_not_there_is_said(
    here: tuple[AnalysisInputs, FactorsResult], tmp_path: Path
) -> None:
    found = with_file(here[0], tmp_path, pl.DataFrame(), "none.xyz")
    (told,) = [item.text for item in found.findings if item.code == "completed-sets-not-made"]
    assert "none.xyz" in told


def test_a_mechanism_and_change_on_baseline_take_them_too(tmp_path: Path) -> None:
    from salutogen.analyses.change_on_baseline.completed import STREAM as OF_CHANGE
    from salutogen.analyses.mechanism.completed import STREAM as OF_MECHANISM

    before = mechanism(gappy(), asked())
    completed_table(before, gappy(), OF_MECHANISM).write_parquet(tmp_path / "sets.parquet")
    after = mechanism(beside(gappy(), tmp_path), asked(imputations={"file": "sets.parquet"}))
    assert after.completed is not None
    assert before.completed is not None
    assert after.completed.paths["estimate"].to_list() == pytest.approx(
        before.completed.paths["estimate"].to_list()
    )
    inputs = change_cohort()
    given = {"bootstrap": 100, "covariates": ["age"]}
    own = change(inputs, ChangeOnBaselineSettings.model_validate({**given, "imputations": M}))
    completed_table(own, inputs, OF_CHANGE).write_parquet(tmp_path / "others.parquet")
    theirs = change(
        beside(inputs, tmp_path),
        ChangeOnBaselineSettings.model_validate(
            {**given, "imputations": {"file": "others.parquet"}}
        ),
    )
    assert own.completed is not None
    assert theirs.completed is not None
    (section,) = theirs.sections(inputs.run.audience)
    assert [one.name for one in section.figures] == ["change-on-baseline"], "no chains are known"
    assert "come together" not in str(section.paragraphs).replace("had come together", "")
    assert theirs.completed.slopes["slope"].to_list() == pytest.approx(
        own.completed.slopes["slope"].to_list()
    )
