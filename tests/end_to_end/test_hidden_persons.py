"""Nothing that claims to hold no person gives one back: attempts to recover persons must fail."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.end_to_end.conftest import Command
from tests.end_to_end.hidden_studies import (
    FAR,
    FAR_E,
    FAR_P,
    LEAVER,
    WEEKS,
    Planted,
    plant,
)
from tests.end_to_end.recovery import Shared, is_few

STUDIES: dict[str, dict[str, Any]] = {
    "anchors": {"analyses": [{"step": "trajectories"}]},
    "sites": {"norm": {"shape": "linear", "covariates": ["site"]}},
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


def test_no_identifier_is_told(run: tuple[Planted, Shared]) -> None:
    planted, shared = run
    assert shared.naming(planted.subjects) == []


def test_no_value_of_the_farthest_person_is_told(run: tuple[Planted, Shared]) -> None:
    _, shared = run
    means = [float(np.mean(FAR_E)), float(np.mean(FAR_P))]
    assert shared.telling([*map(float, (*FAR_E, *FAR_P)), *means]) == []


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
    E = sorted(value for person in range(planted.n) for value in planted.of(person, "E"))
    content = shared.json("norm.json")["lines"]
    lines = [content["occasion"], content["person"], content["window_frozen"], *content["window"]]
    for line in filter(None, lines):
        low, high = line["range_E"]
        assert E[5] <= low < high < min(FAR_E)
        assert line["n_persons"] >= 12
        assert not is_few(line["n_persons"], planted.n)
        assert not any(term.partition("=")[0] == "site" for term in line["coefficients"])


def test_results_of_one_key_at_two_occasions_do_not_tell_who_left(
    run: tuple[Planted, Shared],
) -> None:
    planted, shared = run
    rows = shared.json("results.json")["panel"]["rows_per_occasion"]
    told = sorted({n for n in rows.values() if n is not None})
    assert not any(0 < b - a < 5 for a, b in zip(told, told[1:], strict=False))
    assert len(planted.of(LEAVER, "E")) < WEEKS or planted.n < LEAVER
