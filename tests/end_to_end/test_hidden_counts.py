"""Where persons are hidden every count is told in fives, and nothing brings exact ones back."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.registry import available
from salutogen.page.audience import Audience
from tests.end_to_end.hidden_studies import everything
from tests.end_to_end.named_cohort import PERSONS
from tests.end_to_end.recovery import Shared, leaves, significant

pytestmark = pytest.mark.figures

FIVE = 5
# Whole numbers that are no counts of persons, forms, courses or rows: of the plan or the method.
OF_THE_PLAN = frozenset({
    "at_once", "beep", "burst", "categories", "chain", "class", "columns", "day", "df", "df1",
    "difference_df", "draws", "earlier_occasions", "first_occasion", "first_window", "folds",
    "format", "group", "groups", "hour", "iteration", "iterations", "lag", "last_occasion",
    "last_window", "length", "n_items", "n_pairs", "n_splits", "occasion", "occasions",
    "parameters", "place", "repeats", "seed", "sets", "split", "window",
})  # fmt: skip
FINDINGS = re.compile(r"^\.findings\.")
# Figures between 0 and 1 that stand for a setting, or for a mean of answers.
NO_SHARE = re.compile(
    r"reliability|\.g$|\.rho$|delta_sd$|mood_high$|threshold$|grouped_from$|equal_chosen$|"
    r"\.probability|chance_|familywise|\.mean$|planned$|\.p$|p_adjusted$"
)
SAID = re.compile(
    r"(?<![\w.,–−-])(\d+(?:,\d{3})*) (?:of (?:the )?\d[\d,]* )?(?:complete |answered |valid )?"
    r"(?:persons?|participants|anchors?|courses?|forms?|independent units)\b"
)
FEWEST = 10  # persons, from which on a share may tell how many it stands for


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shared, dict[str, Any]]:
    """What may be passed on of a study of every step, and its exact results."""
    folder = tmp_path_factory.mktemp("everything")
    hidden = folder / "hidden"
    sg.run(everything(folder / "hide"), out=hidden)
    exact = sg.run(everything(folder / "show", individuals="show")).to_dict()
    return Shared.of(hidden), json.loads(json.dumps(exact))


def is_told(n: float) -> bool:
    """Whether a number may be told for a count."""
    return n % FIVE == 0 or n == PERSONS


def test_every_step_is_in_the_study(runs: tuple[Shared, dict[str, Any]], tmp_path: Path) -> None:
    plan = json.loads(everything(tmp_path).read_text("utf-8"))
    asked = {item["step"] for item in plan["analyses"]}
    assert asked == {name for name, item in available().items() if not item.default}
    assert None not in runs[1]["steps"].values()


def test_counts_of_results_are_multiples_of_five(runs: tuple[Shared, dict[str, Any]]) -> None:
    odd = [
        (path, value)
        for path, value in leaves(runs[0].json("results.json"))
        if type(value) is int and not is_told(value) and not FINDINGS.search(path)
        if re.sub(r"\[\d+\]", "", path).rpartition(".")[2] not in OF_THE_PLAN
    ]
    assert odd == []


def test_counts_of_the_norm_are_multiples_of_five(runs: tuple[Shared, dict[str, Any]]) -> None:
    counts = [
        value
        for path, value in leaves(runs[0].json("norm.json"))
        if re.search(r"\.(n|n_persons|df2|df|df_by_term\[\d+\])$", path) and value >= FIVE
    ]
    assert len(counts) > FEWEST
    assert [n for n in counts if not is_told(n)] == []


def test_counts_of_tables_are_multiples_of_five(runs: tuple[Shared, dict[str, Any]]) -> None:
    odd = [
        (name, column, cell)
        for name, table in runs[0].tables()
        for column in table.columns
        if table[column].dtype.is_integer() and column not in OF_THE_PLAN
        for cell in table[column].drop_nulls().to_list()
        if not is_told(cell) and name != "tables/figure-valid-occasions.csv"
    ]
    assert odd == []


def test_counts_in_sentences_are_multiples_of_five(runs: tuple[Shared, dict[str, Any]]) -> None:
    found = []
    for name in ("report.html", "findings.json"):
        words = re.sub(r"<svg.*?</svg>|<[^>]+>", " ", runs[0].texts[name], flags=re.S)
        words = words.partition("Study, versions and seed")[0]
        found += [(match[0], int(match[1].replace(",", ""))) for match in SAID.finditer(words)]
    assert len(found) > 3 * FEWEST
    assert [words for words, n in found if not is_told(n)] == []


def test_rows_of_the_inputs_are_counted_in_fives(runs: tuple[Shared, dict[str, Any]]) -> None:
    rows = [item["rows"] for item in runs[0].json("manifest.json")["inputs"]]
    assert [n for n in rows if n is not None and not is_told(n)] == []


def test_evidence_counts_rows_in_fives(runs: tuple[Shared, dict[str, Any]]) -> None:
    rows = [item["evidence"]["n_rows"] for item in runs[0].json("findings.json")]
    assert [n for n in rows if n is not None and not is_told(n)] == []


def test_no_share_tells_of_how_many_it_is(runs: tuple[Shared, dict[str, Any]]) -> None:
    """A share of counts is not told to the digits that would single one of them out."""
    shared, exact = runs
    told = dict(leaves(shared.json("results.json")))
    known = dict(leaves(exact))
    shares = {
        path: value
        for path, value in known.items()
        if type(value) is float and 0 < value < 1 and not NO_SHARE.search(path)
    }
    telling = [
        (path, value, told[path], m)
        for path, value in shares.items()
        if path in told
        for m in _counts_around(path, known)
        if abs(value * m - round(value * m)) < 1e-8 * m and not is_told(round(value * m))
        if abs(told[path] - value) < 0.5 * _last_digit(told[path])
        if not any(_is_of_told_counts(told[path], n) for n in _counts_around(path, known))
    ]
    assert shares
    assert telling == []


def _counts_around(path: str, known: dict[str, Any]) -> set[int]:
    """Counts of the record that a figure stands in, and of those around it."""
    around = {path[:place] for place, sign in enumerate(path) if sign in ".["}
    return {
        value
        for other, value in known.items()
        if type(value) is int and value >= FEWEST and other.rpartition(".")[0] in around
    }


def _is_of_told_counts(share: float, n: int) -> bool:
    """Whether a share is one of two counts in fives, as far as its digits go."""
    whole = n if n == PERSONS else FIVE * round(n / FIVE)
    nearest = FIVE * round(share * whole / FIVE) / whole
    return abs(share - nearest) <= 0.5 * _last_digit(share)


def _last_digit(value: float) -> float:
    text = f"{value:.12g}"
    decimals = len(text.partition(".")[2])
    return 10.0 ** -(decimals + max(0, 3 - significant(text)))


def test_no_shift_of_the_lost_tells_how_many_they_were(
    runs: tuple[Shared, dict[str, Any]],
) -> None:
    steps, exact = (content["steps"] for content in (runs[0].json("results.json"), runs[1]))
    for name in ("attrition", "earlier"):
        weights = [own["weight_of_lost"] for own in exact[name]["tipping"]]
        assert any(round(weight * PERSONS) % FIVE for weight in weights)
        assert any(told["weight_of_lost"] for told in steps[name]["tipping"])
        for told in steps[name]["tipping"]:
            weight = told["weight_of_lost"]  # none where it is no share of persons
            assert weight is None or round(weight * PERSONS, 1) % FIVE == 0
            assert told["tips_at"] is None
            assert all(2 * turn == round(2 * turn) for turn in told["turns_at_sd"])
            assert {row["estimate"] for row in told["curve"]} == {None}
    change = runs[0].json("results.json")["resilience"]["change_over_windows"]
    assert {row["estimate"] for row in change["sensitivity"]} == {None}
    assert change["sign_delta"] is None


def test_limits_beside_a_difference_tell_multiples_of_five(
    runs: tuple[Shared, dict[str, Any]],
) -> None:
    """Of those who left and those who stayed, all pairs with the same counts in fives fit."""
    told = runs[0].json("results.json")["resilience"]["leavers"]
    exact = runs[1]["resilience"]["leavers"]
    assert told
    for row, own in zip(told, exact, strict=True):
        g, pairs = row["difference"], (row["n_left"], row["n_stayed"])
        assert all(n % FIVE == 0 for n in pairs)
        halves = [
            1.959964 * math.sqrt((n + m) / (n * m) + g**2 / (2 * (n + m)))
            for n, m in (pairs, (own["n_left"], own["n_stayed"]))
        ]
        width = row["high"] - row["low"]
        assert abs(width - 2 * halves[0]) < 0.01
        assert abs(own["high"] - own["low"] - 2 * halves[1]) < 0.01


def test_fit_beside_chi_square_tells_a_multiple_of_five(
    runs: tuple[Shared, dict[str, Any]],
) -> None:
    """RMSEA = sqrt((chi-square - df) / (n df))."""
    audience = Audience(individuals=False, n_persons=PERSONS, seed=1)
    (one,) = [
        found
        for found in runs[0].json("results.json")["steps"]["invariance"]["comparisons"]
        if found["over"] == "groups"
    ]
    own = next(
        found
        for found in runs[1]["steps"]["invariance"]["comparisons"]
        if found["over"] == "groups"
    )
    for step, exact in zip(one["steps"], own["steps"], strict=True):
        if step["rmsea"]:
            ratio = (exact["rmsea"] / step["rmsea"]) ** 2
            assert ratio == pytest.approx(audience.told_size(own["n"]) / own["n"], rel=0.02)


def test_errors_of_windows_are_made_with_counts_in_fives(
    runs: tuple[Shared, dict[str, Any]],
) -> None:
    told = runs[0].json("results.json")["resilience"]["windows"]
    odd = 0
    for row, own in zip(told, runs[1]["resilience"]["windows"], strict=True):
        if row["n"] is None or row["se_SR_frozen"] is None:
            continue
        made_with = own["n"] * (own["se_SR_frozen"] / row["se_SR_frozen"]) ** 2
        assert made_with == pytest.approx(row["n"], rel=0.01)
        of_model = own["se_SR_frozen_model"]  # which hardly depends on the count
        assert row["se_SR_frozen_model"] == float(f"{of_model:.2g}")
        odd += own["n"] != row["n"]
    assert odd


def test_means_around_the_event_are_of_the_same_persons(
    runs: tuple[Shared, dict[str, Any]],
) -> None:
    """With those of all, of whom few lack a position, the value of one of them would follow."""
    told, exact = (
        content["steps"]["trajectories"] for content in (runs[0].json("results.json"), runs[1])
    )
    assert any(0 < number < FIVE for number in exact["lock"]["missing"].values())
    means, response = told["lock"]["mean"]["SR"], told["response"]
    assert response["jump"]["n"] == told["lock"]["n_complete"]
    lock = pl.read_csv(runs[0].folder / "lock.csv")
    courses = lock.pivot(on="position", index="subject", values="SR").drop_nulls()
    whole = {name: courses[name].to_numpy() for name in means}
    audience = Audience(individuals=False, n_persons=PERSONS, seed=1)
    assert means == {
        name: audience.with_few_digits(audience.told_mean(one.mean(), one.std(), one.size))
        for name, one in whole.items()
    }
    apart = whole["peri"] - whole["pre"]
    after = (whole["post1"] + whole["post2"]) / 2 - whole["pre"]
    for name, one in (("jump", apart), ("mean_change", after)):
        in_steps = audience.told_mean(one.mean(), one.std(), one.size)
        assert response[name]["mean"] == audience.with_few_digits(in_steps)
        assert abs(response[name]["mean"] - one.mean()) > 0.005
    own = exact["lock"]["mean"]["SR"]
    assert abs(exact["response"]["jump"]["mean"] - own["peri"] + own["pre"]) > 0.005


def test_the_page_says_that_counts_are_rounded(runs: tuple[Shared, dict[str, Any]]) -> None:
    shared, _ = runs
    assert shared.texts["report.html"].count("Its counts are rounded to five") == 1
    (told,) = [one for one in shared.json("findings.json") if one["code"] == "figures-withheld"]
    assert told["text"].endswith("Other counts are rounded to five.")


def test_figures_are_drawn_from_counts_that_are_told(
    runs: tuple[Shared, dict[str, Any]],
) -> None:
    page = runs[0].texts["report.html"]
    drawn = [json.loads(text) for text in re.findall(r"<script[^>]*json[^>]*>(.*?)</script>", page)]
    assert not [one for one in drawn if "persons" in one]
    told = [
        text
        for svg in re.findall(r"<svg.*?</svg>", page, flags=re.S)
        for text in re.findall(r"<text[^>]*>([\d,]+)</text>", svg)
        if int(text.replace(",", "")) > PERSONS // 2
    ]
    assert told
    assert [text for text in told if not is_told(int(text.replace(",", "")))] == []
