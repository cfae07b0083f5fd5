"""Classes: seeded ones come back, one kind of persons stays one, and what the step tells."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.trajectories import (
    Anchors,
    ClassAssessment,
    ClassSettings,
    assess_classes,
)
from salutogen.analyses.trajectories.classes.claims import look_for_classes
from salutogen.analyses.trajectories.classes.figures import course_figure
from salutogen.analyses.trajectories.classes.settings import GateSettings
from salutogen.analyses.trajectories.classes.summary import class_figures
from salutogen.analyses.trajectories.classes.tables import (
    certainty_table,
    course_table,
    member_file,
)
from salutogen.analyses.trajectories.courses.locks import Lock
from salutogen.context import RunContext
from salutogen.errors import ModelError, StudyError
from salutogen.page.audience import Audience
from tests.analyses.trajectories.classes.matrices import (
    MEANS,
    SHARES,
    one_kind,
    rand_by_pairs,
    three_kinds,
)
from tests.analyses.trajectories.cohort import (
    cohort_frame,
    result_in,
    shown_sections,
    write_study,
)

QUICK = ClassSettings(max=4, starts=10, resamples=5, blrt_draws=39)
N = 300


@pytest.fixture(scope="module")
def three() -> ClassAssessment:
    return assess_classes(three_kinds(N, 1)[0], QUICK, seed=2)


def test_seeded_classes_come_back(three: ClassAssessment) -> None:
    truth = three_kinds(N, 1)[1]
    assert three.passed
    assert rand_by_pairs(three.labels(), truth[three.rows]) > 0.75
    found = class_figures(three)
    assert found.gates_passed
    assert found.classes is not None
    assert found.classes.n == 3
    assert found.classes.shares == pytest.approx(SHARES, abs=0.06)
    np.testing.assert_allclose(three.class_means(), MEANS, atol=0.4)


def test_class_means_are_weighted_means_where_nothing_is_missing() -> None:
    """Free means at every position, everyone complete: EM's fixed point in closed form."""
    values = three_kinds(N, 4)[0]
    values = values[np.isfinite(values).all(axis=1)]
    found = assess_classes(values, QUICK.model_copy(update={"models": ("latent-class-growth",)}))
    weight = found.fit.posterior
    by_hand = (weight.T @ values) / weight.sum(axis=0)[:, None]
    np.testing.assert_allclose(found.class_means(), by_hand, atol=2e-4)
    np.testing.assert_allclose(found.fit.shares, weight.mean(axis=0), atol=1e-5)


def test_the_order_of_persons_changes_nothing(three: ClassAssessment) -> None:
    values = three_kinds(N, 1)[0]
    order = np.random.default_rng(8).permutation(N)
    again = assess_classes(values[order], QUICK, seed=2)
    assert again.n_classes == three.n_classes
    assert again.fit.log_likelihood == pytest.approx(three.fit.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(again.fit.posterior, three.fit.posterior[order], atol=1e-4)


def test_threads_change_no_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    values = three_kinds(120, 5)[0]
    found = []
    for threads in ("1", "2"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        found.append(json.dumps(class_figures(assess_classes(values, QUICK, seed=3)).to_dict()))
    assert found[0] == found[1]


def test_a_constant_and_a_unit_change_no_class(three: ClassAssessment) -> None:
    values = three_kinds(N, 1)[0]
    moved = assess_classes(50 + 3 * values, QUICK, seed=2)
    assert moved.passed
    assert (moved.labels() == three.labels()).all()
    np.testing.assert_allclose(moved.class_means(), 50 + 3 * three.class_means(), rtol=1e-5)


def test_a_quadratic_shape_is_used_where_asked() -> None:
    settings = QUICK.model_copy(update={"shape": "quadratic", "max": 2})
    found = assess_classes(three_kinds(N, 6)[0], settings)
    assert "I(t**2)" in found.fit.spec.formula
    assert found.fit.fixed_effects.shape[1] == 3
    assert found.at_the_edge


def test_persons_without_values_and_empty_positions_are_left_out() -> None:
    values = np.vstack([np.full((3, 4), np.nan), one_kind(80, 2)])
    values[:, 3] = np.nan
    found = assess_classes(values, QUICK)
    assert found.rows.tolist() == list(range(3, 83))
    assert found.courses.positions == ("pre", "peri", "post1")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (one_kind(30, 1), "at least 50 persons.* got 30"),
        (np.full((60, 4), np.nan), "got 0 persons"),
        (np.column_stack([one_kind(60, 1)[:, :2], np.full((60, 2), np.nan)]), "and 2 positions"),
        (one_kind(60, 1)[:, :3], "expected a column for each"),
        (np.ones((60, 4)), "."),
    ],
)
def test_what_cannot_be_modelled_is_refused(values: np.ndarray, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        assess_classes(values, QUICK)


def test_members_have_probabilities_that_add_up(three: ClassAssessment) -> None:
    subjects = [f"s{row}" for row in range(N)]
    table = member_file(three, subjects).table
    assert table.columns == [
        "subject", "class", "probability", "probability_1", "probability_2", "probability_3",
    ]  # fmt: skip
    parts = table.select("probability_1", "probability_2", "probability_3").to_numpy()
    np.testing.assert_allclose(parts.sum(axis=1), 1)
    np.testing.assert_array_equal(parts.argmax(axis=1) + 1, table["class"].to_numpy())
    assert table["subject"].to_list() == [f"s{row}" for row in three.rows]
    sizes = certainty_table(three, Audience(individuals=True, n_persons=len(three.rows), seed=1))
    assert sizes["n"].sum() == table.height
    assert sizes["share"].sum() == pytest.approx(1)


def test_bands_of_the_means_hold_the_means(three: ClassAssessment) -> None:
    table = course_table(three)
    assert table.height == 12
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()
    np.testing.assert_allclose(
        table["mean"].to_numpy().reshape(3, 4), three.class_means(), atol=1e-12
    )


def test_courses_are_drawn_without_persons_where_they_are_hidden(three: ClassAssessment) -> None:
    everyone = np.arange(N)
    anchors = Anchors(
        rule="onset", person=everyone, occasion=everyone, item=everyone, rating=np.ones(N),
        other_before=everyone > N, episode=everyone * 0 + 1,
    )  # fmt: skip
    shown, hidden = (
        course_figure(three, anchors, Audience(individuals=individuals, n_persons=N, seed=1))
        for individuals in (True, False)
    )
    assert shown is not None
    assert hidden is not None
    assert "who" in shown.data.columns
    assert "Person " in json.dumps(shown.specification())
    assert "who" not in hidden.data.columns
    assert "Person " not in json.dumps(hidden.specification())


def test_the_step_tells_that_persons_are_too_few(tmp_path: Path) -> None:
    path = write_study(tmp_path, "classes: {fewest: 500}")
    result = result_in(sg.run(path, data={"answers": cohort_frame()}))
    assert result.classes is None
    told = next(item for item in result.findings if item.code == "classes-not-assessed")
    assert "at least 500 persons" in told.text
    assert result.gates == ()
    assert result.to_dict()["gates"] == []


def test_classes_can_be_turned_off(tmp_path: Path) -> None:
    path = write_study(tmp_path, "classes: off")
    result = result_in(sg.run(path, data={"answers": cohort_frame()}))
    assert result.classes is None
    assert [item.text for item in result.findings if item.code == "classes-not-assessed"] == [
        "The study file turns classes off, so none are claimed."
    ]


def test_settings_of_gates_are_checked(tmp_path: Path) -> None:
    path = write_study(tmp_path, "classes: {gates: {entropy: 7}}")
    with pytest.raises(StudyError, match="entropy"):
        sg.run(path, data={"answers": cohort_frame()})


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ("{gates: {entropy: 7}}", "(trajectories): `classes.gates.entropy` is 7: input should be"),
        ("{starts: 2, gates: {starts_at_best: 3}}", "2 starts cannot reach"),
    ],
)
def test_wrong_settings_are_named_in_words_of_the_file(
    tmp_path: Path, classes: str, words: str
) -> None:
    with pytest.raises(StudyError) as caught:
        sg.run(write_study(tmp_path, f"classes: {classes}"), data={"answers": cohort_frame()})
    assert len(caught.value.findings) == 1
    text = caught.value.findings[0].text
    assert words in text
    assert "function" not in text
    assert "Value error" not in text


@pytest.mark.lengthy
def test_claims_under_relaxed_gates_say_so() -> None:
    lock = lock_of(three_kinds(N, 1)[0])
    episode = np.ones(N, dtype=np.int64)
    audience = Audience(individuals=True, n_persons=N, seed=2)
    heard: list[tuple[int, int]] = []
    run = RunContext(
        seed=2, audience=audience, progress=lambda _, done, total: heard.append((done, total))
    )
    relaxed = QUICK.model_copy(update={"gates": GateSettings(entropy=0.5, p=0.04, persons=30)})
    for settings, expected in ((QUICK, []), (relaxed, [["entropy 0.5 instead of 0.7"]])):
        found, told = look_for_classes(lock, episode, settings, run)
        assert found is not None
        assert found.passed
        codes = [item for item in told if item.code == "classes-under-relaxed-gates"]
        assert [item.evidence.numbers["relaxed"] for item in codes] == expected
    whole = 7 + 39 + 2 * 5
    assert (heard[0], heard[-1]) == ((0, whole), (whole, whole))
    assert all(0 <= done <= total for done, total in heard)


def lock_of(values: np.ndarray) -> Lock:
    """A lock with these values of SR, and of P."""
    none = np.full(values.shape, np.nan)
    places = np.zeros(values.shape, dtype=np.int64)
    return Lock(occasion=places, SR=values, P=values, SR_z=none)


def test_the_page_says_on_which_models_a_claim_may_rest(tmp_path: Path) -> None:
    plan = "classes: {max: 2, fewest: 20, models: [latent-class-growth], variances: [equal]}"
    results = sg.run(write_study(tmp_path, plan), data={"answers": cohort_frame()})
    sections, _ = shown_sections(results)
    section = next(part for part in sections if "are there classes" in part.title)
    words = " ".join(str(text) for text in section.paragraphs)
    assert "differ not at all, with variances equal over classes: one set of assumptions" in words
    assert "The plan lets latent class growth carry a claim" in words
    assert "carry no claim" not in words


def test_the_study_of_one_kind_shows_gates_and_no_classes(tmp_path: Path) -> None:
    path = write_study(tmp_path, "classes: {max: 3, fewest: 20}", individuals="hide")
    results = sg.run(path, data={"answers": cohort_frame()})
    result = result_in(results)
    sections, withheld = shown_sections(results)
    assert withheld == []
    titles = [section.title for section in sections]
    assert "Trajectories: are there classes of courses?" in titles
    assert "classes.csv" not in result.files()
    content = results.to_dict()["trajectories"]
    assert content["classes"] is None
    assert content["gates_passed"] is False
    assert {gate["name"] for gate in content["gates"]} >= {"bic", "entropy", "blrt", "bootstrap"}
    section = next(item for item in sections if "are there classes" in item.title)
    gates = next(table for table in section.tables if table.name.endswith("-gates"))
    assert isinstance(gates.frame, pl.DataFrame)
    assert set(gates.frame["outcome"]) <= {"holds", "fails", "not reached"}


def test_an_executor_changes_no_digit() -> None:
    values = three_kinds(120, 5)[0]
    settings = QUICK.model_copy(update={"max": 3, "models": ("random-intercept",)})
    here = class_figures(assess_classes(values, settings, seed=3)).to_dict()
    with ThreadPoolExecutor(1) as executor:
        found = assess_classes(values, settings, seed=3, executor=executor)
    assert class_figures(found).to_dict() == here


def test_the_user_can_stop_the_search() -> None:
    def stop(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assess_classes(three_kinds(120, 5)[0], QUICK, progress=stop)
