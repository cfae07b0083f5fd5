"""Sentences on the line, rendered on simulated data whose truth is known."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from salutogen.norm import Line, Norm, fit_norm
from salutogen.norm.norm_file import write_norm
from salutogen.page.audience import Audience
from salutogen.report.context import Context
from salutogen.report.opening import _facts
from salutogen.report.sections.lines import words_of_plane
from salutogen.report.words_of_line import (
    LITTLE,
    bend_in_words,
    expected_in_words,
    line_in_words,
    share_in_words,
    slope_interval,
)
from salutogen.scores import Scores
from tests.norm.cohorts import simulated
from tests.norm.test_refusals import changed

PERSONS = 200
TRUTHS = {
    "more": 5 + 0.3 * pl.col("E"),
    "fewer": 30 - 0.25 * pl.col("E"),
    "none": pl.lit(15.0),
    "U": 5 + 0.01 * (pl.col("E") - 40) ** 2,
    "inverted U": 30 - 0.01 * (pl.col("E") - 40) ** 2,
}
SHAPES = ("linear", "quadratic", "spline")


def cohort(truth: str, combine: str = "sum", **norm: Any) -> Scores:
    """A cohort whose problems follow exposure as told, with noise and an effect of age."""
    scores = simulated(PERSONS, 3, combine=combine, norm=norm, between=0.0, within=0.0)
    person = scores.table["person"].to_numpy()
    own = np.random.default_rng(17).normal(0, 1.5, PERSONS)[person]
    age = scores.persons["age"].to_numpy()[person] - 44
    lasting = pl.Series(own + (0.15 * age if norm.get("covariates") else 0.0))
    raw = scores.table.with_columns(E=pl.col("E_general") + pl.col("E_pandemic"))
    table = raw.with_columns(P=(TRUTHS[truth] + lasting).clip(0, 36))
    return changed(scores, P=table["P"])


def context_of(norm: Norm, *, individuals: bool = True) -> Context:
    audience = Audience(individuals=individuals, n_persons=PERSONS, seed=1)
    made = SimpleNamespace(
        norm=norm, audience=audience, is_told=lambda term: True, untold_covariates=()
    )
    return cast(Context, made)


def opening(norm: Norm, *, individuals: bool = True) -> str:
    told = line_in_words(context_of(norm, individuals=individuals))
    return told if isinstance(told, str) else told.worded("{:,}".format)


def numbers(text: str) -> list[float]:
    found = re.findall(r"[+−]?\d+(?:\.\d+)?", text)
    return [float(one.replace("−", "-")) for one in found]


@pytest.mark.parametrize("covariates", [[], ["age"]])
@pytest.mark.parametrize("combine", ["sum", "composite"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("truth", list(TRUTHS))
def test_one_exposure(truth: str, shape: str, combine: str, covariates: list[str]) -> None:
    norm = fit_norm(cohort(truth, combine, shape=shape, covariates=covariates))
    line = norm.lines.person
    assert line.claims is not None
    told = opening(norm)
    assert told.startswith(f"In {PERSONS} persons, ")
    assert ("given age" in told) is bool(covariates)
    assert "point for" not in told
    of_a_unit = shape == "linear" or line.claims.shows_exposure
    assert ("composite" in told) is (combine == "composite" and of_a_unit)
    share = line.claims.share
    if not line.claims.shows_exposure:
        assert share.high is not None
        assert ("too weakly to say in which direction" in told) is (share.high <= LITTLE)
        assert ("hang together is not settled" in told) is (share.high > LITTLE)
        assert truth == "none" or (shape == "linear" and truth in ("U", "inverted U"))
        assert share.low == 0
    elif shape == "linear":
        low, high = slope_interval(line)
        assert low is not None
        assert high is not None
        assert "those who reported more stressors had" in told
        assert "HC3" in told
        assert "had more problems" in told if low > 0 else "had fewer problems" in told
        if truth in ("more", "fewer"):
            assert f"had {truth} problems" in told
    else:
        for place in line.claims.at.values():
            assert f"{place.P:.2f}".replace("-", "−") in told
            assert place.E is not None
        kinds = {"U": "lowest near", "inverted U": "highest near"}
        if truth in kinds:
            assert f"They are {kinds[truth]}" in told
        if truth in ("more", "fewer") and shape == "quadratic":
            assert f"They {'rise' if truth == 'more' else 'fall'}" in told
    if truth == "none":
        assert share.share < 0.05
    if covariates:
        assert "beside age, whether or not it causes them; the whole line, covariates" in told
        assert share.share < line.r_squared
    else:
        assert "the whole line" not in told


@pytest.mark.parametrize("shape", ["linear", "quadratic"])
@pytest.mark.parametrize("truth", ["more", "fewer", "none"])
def test_separate_types(truth: str, shape: str) -> None:
    norm = fit_norm(cohort(truth, "separate", shape=shape))
    line = norm.lines.person
    assert line.claims is not None
    told = opening(norm)
    assert "The kinds of exposure together go with" in told
    assert "composite" not in told
    if truth == "none":
        assert "too weakly" in told
        return
    low, high = line.claims.at["low"].P, line.claims.at["high"].P
    assert (high > low) is (truth == "more")
    assert f"{low:.2f} points at low exposure" in told
    assert f"{high:.2f} points at high exposure" in told
    assert "each kind of exposure at its own" in told
    assert ("beside the other kinds" in told) is (shape == "linear")
    if shape == "linear":
        own = [line.coefficient(name) for name in line.predictors]
        assert own == pytest.approx([0.3 if truth == "more" else -0.25] * 2, abs=0.05)


def test_true_values_lie_in_what_is_told() -> None:
    norm = fit_norm(cohort("more"))
    line = norm.lines.person
    assert line.claims is not None
    low, high = slope_interval(line)
    assert low is not None
    assert high is not None
    assert low < 0.3 < high
    for place in line.claims.at.values():
        assert place.E is not None
        assert place.low is not None
        assert place.high is not None
        assert place.low < 5 + 0.3 * place.E < place.high


@pytest.mark.parametrize(
    ("reference", "words"),
    [({"window": 1}, "window 1"), ({"arm": "control"}, "arm control")],
)
def test_reference_sets_are_named(reference: dict[str, Any], words: str) -> None:
    norm = fit_norm(cohort("more", reference=reference))
    told = opening(norm)
    assert f"of the reference set ({words})" in told
    assert told.startswith(f"In {norm.lines.person.n} persons")


def test_a_line_taken_over_is_said_to_be(tmp_path: Any) -> None:
    path = write_norm(fit_norm(cohort("more")), tmp_path / "there.json")
    told = opening(fit_norm(cohort("none", file=str(path))))
    assert told.startswith("By a line taken over from there.json, fitted there on 200 persons, ")
    assert "had more problems" in told, "the line's words, not those of these data"


def test_old_norm_files_tell_less(tmp_path: Any) -> None:
    import json

    path = write_norm(fit_norm(cohort("more")), tmp_path / "old.json")
    content = json.loads(path.read_text("utf-8"))
    for line in (content["lines"]["person"], content["lines"]["occasion"]):
        del line["claims"]
    path.write_text(json.dumps(content), "utf-8")
    norm = fit_norm(cohort("none", file=str(path)))
    assert "tells neither exposure's own share nor errors" in opening(norm)
    facts = {fact.name for fact in _facts(facts_context(norm))}
    assert "Variance that goes with the whole line" in facts


def facts_context(norm: Norm) -> Context:
    made = context_of(norm)
    extra = SimpleNamespace(
        panel=SimpleNamespace(n_persons=PERSONS),
        guard=SimpleNamespace(text=lambda text: str(text)),
        valid_forms=600,
        resilience=SimpleNamespace(claims=SimpleNamespace(between_variance=None)),
    )
    return cast(Context, SimpleNamespace(**vars(made), **vars(extra)))


def test_facts_are_of_exposure_and_of_the_whole_line() -> None:
    norm = fit_norm(cohort("more", covariates=["age"]))
    line = norm.lines.person
    assert line.claims is not None
    facts = {fact.name: fact.value for fact in _facts(facts_context(norm))}
    share = numbers(facts["Variance of persons' mean problems that goes with exposure"])[0] / 100
    whole = numbers(facts["Variance that goes with the whole line"])[0] / 100
    assert share == pytest.approx(line.claims.share.share, abs=0.006)
    assert whole == pytest.approx(line.r_squared, abs=0.006)
    curved = fit_norm(cohort("U", shape="quadratic"))
    labels = [fact.name for fact in _facts(facts_context(curved))]
    assert "Expected problems, low to high exposure" in labels
    assert not [label for label in labels if label.startswith("Problems per")]


def test_a_page_without_persons_tells_no_exposure_of_few() -> None:
    """With 30 persons three lie beyond low exposure: its value would be nearly theirs."""
    scores = simulated(30, 3, norm={"shape": "quadratic"})
    norm = fit_norm(scores)
    line: Line = norm.lines.person
    hidden = Audience(individuals=False, n_persons=30, seed=1)
    assert "E =" not in expected_in_words(line, hidden) + bend_in_words(line, hidden)
    assert "E =" in expected_in_words(line, Audience(individuals=True, n_persons=30, seed=1))
    assert "Exposure goes with" in share_in_words(line, hidden)


@pytest.mark.parametrize("truth", ["more", "U"])
def test_words_beside_the_plane(truth: str) -> None:
    norm = fit_norm(cohort(truth, shape="linear" if truth == "more" else "quadratic"))
    told = words_of_plane(norm.lines.person, context_of(norm))
    text = told if isinstance(told, str) else told.worded("{:,}".format)
    assert "expected problems are" in text
    assert ("points for each further point of exposure" in text) is (truth == "more")
    assert "; E in points of exposure)" in text
    assert ("lowest near" in text) is (truth == "U")


def test_a_unit_of_the_composite_is_said_in_points_of_each_kind() -> None:
    """One unit more is one SD of persons' means more of every kind, by plain averaging."""
    scores = cohort("more", "composite")
    line = fit_norm(scores).lines.person
    means = scores.table.group_by("person").agg(pl.col("E_general", "E_pandemic").mean())
    sds = [float(means[name].std()) for name in ("E_general", "E_pandemic")]  # type: ignore[arg-type]
    told = opening(fit_norm(scores))
    assert (
        f"one SD of persons' means in every kind at once: {sds[0]:.2f} points of general and "
        f"{sds[1]:.2f} points of pandemic." in told
    )
    more = pl.DataFrame({"E_general": [30.0, 30.0 + sds[0]], "E_pandemic": [50.0, 50.0 + sds[1]]})
    low, high = line.expected(more, level="person")
    assert high - low == pytest.approx(line.slope)
    assert "SD of persons" not in opening(fit_norm(cohort("more", "sum")))
    curved = opening(fit_norm(cohort("U", "composite", shape="quadratic")))
    assert "E in units of the composite of exposure)" in curved
    assert "one SD of persons' means in every kind at once" in curved


@pytest.mark.parametrize(
    ("combine", "unit"), [("sum", "point"), ("composite", "unit of the composite")]
)
def test_a_slope_has_its_unit_where_no_direction_is_told_as_well(combine: str, unit: str) -> None:
    told = opening(fit_norm(cohort("none", combine)))
    assert "too weakly to say in which direction" in told
    assert f" points for each {unit} of exposure, 95 % interval" in told
    assert ("SD of persons' means" in told) is (combine == "composite")


def faint(seed: int, slope: float) -> Norm:
    """A line of persons whose problems follow exposure hardly, or the other way."""
    scores = simulated(60, 3, combine="sum", norm={}, between=0.0, within=0.0)
    person = scores.table["person"].to_numpy()
    own = np.random.default_rng(seed).normal(0, 6.0, 60)[person]
    raw = scores.table.with_columns(E=pl.col("E_general") + pl.col("E_pandemic"))
    table = raw.with_columns(P=(15 + slope * (pl.col("E") - 40) + pl.Series(own)).clip(0, 36))
    return fit_norm(changed(scores, P=table["P"]))


def test_what_an_open_interval_excludes_is_said_with_its_correlation() -> None:
    """Where one end holds little, more of it is excluded; the correlation is that of the end."""
    several = 0
    for seed in range(12):
        norm = faint(seed, -0.06)
        line = norm.lines.person
        assert line.claims is not None
        share = line.claims.share
        if line.claims.shows_exposure or share.high is None or share.high <= LITTLE:
            continue
        low, high = slope_interval(line)
        assert low is not None
        assert high is not None
        units = norm.units("person")
        assert units is not None
        scale = float(np.std(units["E"].to_numpy()) / np.std(units["P"].to_numpy()))
        told = opening(norm)
        ends = [scale * high, scale * low]
        if (ends[0] ** 2 <= LITTLE) == (ends[1] ** 2 <= LITTLE):
            assert "too little is known to take SR for more than problems" in told
            continue
        several += 1
        assert "too little is known" not in told
        shut, open_ = (high, low) if ends[0] ** 2 <= LITTLE else (low, high)
        way = "rise" if shut == high else "fall"
        assert f"A {way} of more than {abs(shut):.3f} points (a correlation over persons of" in told
        r = f"{scale * shut:+.2f}".replace("-", "−")
        assert f"{r}) is excluded by this interval" in told
        assert f"of up to {abs(open_):.3f} points" in told
    assert several


@pytest.mark.parametrize(("truth", "told"), [("more", False), ("fewer", True)])
def test_sr_is_no_resilience_where_problems_do_not_rise(truth: str, *, told: bool) -> None:
    norm = fit_norm(cohort(truth, shape="linear"))
    warned = "slope-not-positive" in {item.code for item in norm.findings}
    assert warned is told
    assert ("SR is not to be read as resilience here" in opening(norm)) is told


def test_exposure_goes_with_differences_in_means_of_persons() -> None:
    assert "of the differences in persons' mean problems" in opening(fit_norm(cohort("more")))
