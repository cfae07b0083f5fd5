"""Nothing that claims to hold no person gives one back: attempts to recover persons must fail."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest

from salutogen.page.audience import Audience
from salutogen.pipeline.results_json import results_schema
from tests.end_to_end.conftest import Command
from tests.end_to_end.hidden_studies import (
    FAR,
    FAR_E,
    FAR_P,
    INCOMPLETE,
    LEAVER,
    WEEKS,
    Planted,
    plant,
)
from tests.end_to_end.recovery import Shared, is_few

STUDIES: dict[str, dict[str, Any]] = {
    "sixty": {
        "norm": {"shape": "linear", "covariates": ["site"]},
        "analyses": [{"step": "trajectories"}, {"step": "centiles"}],
    },
    "twelve": {"n": 12, "resilience": {"bootstrap": 0, "windows": {"width": 3}}},
}


@pytest.fixture(scope="module", params=list(STUDIES))
def run(
    request: pytest.FixtureRequest, salutogen: Command, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Planted, Shared]:
    """A study with persons one would know again, and all that may be passed on of its results."""
    folder = tmp_path_factory.mktemp(request.param)
    planted = plant(folder / "study", **STUDIES[request.param])
    out = folder / "out"
    done = salutogen("run", planted.study, "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    return planted, Shared.of(out, stdout=done.stdout, stderr=done.stderr)


def test_results_keep_their_published_schema(run: tuple[Planted, Shared]) -> None:
    jsonschema.validate(run[1].json("results.json"), results_schema())


def test_no_identifier_is_told(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    assert shared.naming(planted.subjects) == []


def test_no_value_of_the_farthest_person_is_told(run: tuple[Planted, Shared]) -> None:
    _, shared = run
    means = [float(np.mean(FAR_E)), float(np.mean(FAR_P))]
    assert shared.telling([*map(float, (*FAR_E, *FAR_P)), *means]) == []


def test_no_number_has_more_digits_than_the_persons_bear(run: tuple[Planted, Shared]) -> None:
    """In tables, sentences, facts and JSON alike: two exact means would tell who differs."""
    assert run[1].long_numbers(3) == []


def test_no_count_of_few_is_told(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    assert shared.small_counts(planted.n) == []
    assert shared.said_counts() == []
    assert shared.telling_shares(planted.n) == []


def test_no_two_means_give_a_person(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    values = [float(np.mean(planted.of(FAR, name))) for name in "EP"]
    assert shared.differences(values, near=0.01) == []


def test_nothing_reaches_as_far_as_the_farthest_person(run: tuple[Planted, Shared]) -> None:
    _, shared = run
    assert shared.beyond("E", 0.9 * min(FAR_E)) == []
    assert shared.beyond("P", 0.9 * min(FAR_P)) == []


def test_findings_point_at_no_row_and_quote_no_cell(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    for item in shared.json("findings.json"):
        evidence = item["evidence"]
        assert evidence["rows"] == []
        assert evidence["n_rows"] is None or not is_few(evidence["n_rows"], planted.n)
    told = json.loads(shared.texts["stdout"])["findings"]
    assert {item["code"] for item in told} <= {
        item["code"] for item in shared.json("findings.json")
    }


def test_norm_tells_what_several_reach(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    E = [planted.of(person, "E") for person in range(planted.n)]
    content = shared.json("norm.json")["lines"]
    lines = [content["occasion"], content["person"], content["window_frozen"], *content["window"]]
    given = [line for line in lines if line is not None]
    assert bool(given) is (planted.n == 12), (
        "a category of few persons is in the lines of the other"
    )
    for line in given:
        low, high = line["range_E"]
        assert sum(min(values) < low for values in E) >= 5
        assert sum(max(values) > high for values in E) >= 5
        assert not is_few(line["n_persons"], planted.n)


def test_no_net_change_between_occasions_is_told(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    rows = shared.json("results.json")["panel"]["rows_per_occasion"]
    assert planted.n == 12 or len(planted.of(LEAVER, "E")) < WEEKS
    assert not any(
        0 < b - a < 5 for a, b in pairwise(sorted({n or 0 for n in rows.values()} - {0}))
    )


def test_lines_without_the_farthest_person_are_nowhere(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    kept = [person for person in range(planted.n) if person != FAR]
    E, P = (np.array([np.mean(planted.of(person, name)) for person in kept]) for name in "EP")
    slope, intercept = np.polyfit(E, P, 1)
    rows = shared.json("results.json")["resilience"]["sensitivity"]["outliers"]
    assert {row["policy"] for row in rows} >= {"as they are", "drop"}
    told = [value for row in rows for value in row.values() if isinstance(value, float)]
    told += [
        value
        for name, table in shared.tables()
        if "outliers" in name or "lines" in name
        for column in table.columns
        if table[column].dtype == pl.Float64
        for value in table[column].drop_nulls().to_list()
    ]
    assert told
    assert not [value for value in told if np.isclose(value, [slope, intercept], rtol=5e-3).any()]


def test_where_one_course_has_a_gap_means_are_of_the_complete_ones(
    run: tuple[Planted, Shared],
) -> None:
    planted, shared = run
    if planted.n == 12:
        assert "tables/trajectories-first-strict-means.csv" not in shared.texts
        return
    lock = pl.read_csv(shared.folder / "lock.csv")
    courses = lock.pivot(on="position", index="subject", values="SR")
    complete = courses.drop_nulls()
    assert 0 < courses.height - complete.height < 5
    incomplete = courses.join(complete, on="subject", how="anti")["subject"].to_list()
    assert planted.subjects[INCOMPLETE] in incomplete
    means = dict(shared.tables())["tables/trajectories-first-strict-means.csv"]
    audience = Audience(individuals=False, n_persons=planted.n, seed=1)
    own = [complete[position].to_numpy() for position in means["position"]]
    steps = [audience.told_mean(float(one.mean()), float(one.std()), one.size) for one in own]
    assert means["SR"].to_list() == [float(f"{mean:.3g}") for mean in steps]
    assert means["SR"].to_list() != [float(f"{one.mean():.3g}") for one in own]
    lock = next(
        step["lock"] for step in shared.json("results.json")["steps"].values() if "lock" in step
    )
    assert list(lock["mean"]["SR"].values()) == means["SR"].to_list()
    assert means["SR_complete"].to_list() == means["SR"].to_list()


def test_one_line_is_told_with_one_rounding(run: tuple[Planted, Shared]) -> None:
    """Two roundings of one level narrow it to where both agree."""
    planted, shared = run
    steps = shared.json("results.json")["steps"].values()
    found = [step for step in steps if "location" in step]
    assert len(found) == (planted.n == 60)
    for step in found:
        line = step["norm"]["line"]["coefficients"]
        for name in ("intercept", "E"):
            assert step["location"][name] == line[name]
