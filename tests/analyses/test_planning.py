"""Which analyses are planned: labels, defaults, needs, order, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from salutogen.analyses.contract import Analysis, AnalysisSettings
from salutogen.analyses.planning import PlannedAnalysis, plan_analyses
from salutogen.errors import StudyError
from salutogen.study import read_study
from tests.analyses.small_cohort import write_study


class Settings(AnalysisSettings):
    """One setting."""

    size: int = 3


def kind(name: str, **given: object) -> Analysis:
    place = "tests.analyses.test_planning"
    return Analysis(
        name=name,
        title=name,
        settings=f"{place}:Settings",
        compute=f"{place}:nothing",
        **given,  # type: ignore[arg-type]
    )


KNOWN = {
    item.name: item
    for item in (
        kind("base", default=True),
        kind("second", default=True, needs=("base",)),
        kind("factors"),
        kind("order", needs=("factors",)),
        kind("patient", waits_for=("factors",)),
    )
}


def planned(folder: Path, analyses: str) -> tuple[PlannedAnalysis, ...]:
    return plan_analyses(read_study(write_study(folder, analyses=analyses)), KNOWN)


def refused(folder: Path, analyses: str) -> list[str]:
    with pytest.raises(StudyError) as caught:
        planned(folder, analyses)
    return [item.code for item in caught.value.findings]


def labels(items: tuple[PlannedAnalysis, ...]) -> list[str]:
    return [item.label for item in items]


def test_a_kind_that_waits_is_done_after_what_it_waits_for_and_needs_none_of_it(
    tmp_path: Path,
) -> None:
    found = planned(tmp_path, "[{step: patient}, {step: factors}, {step: order}]")
    assert labels(found) == ["base", "second", "factors", "patient", "order"]
    assert [item.place for item in found] == [0, 1, 3, 2, 4]
    alone = planned(tmp_path, "[{step: patient}]")
    assert labels(alone) == ["base", "second", "patient"]


def test_defaults_come_first_and_are_not_asked(tmp_path: Path) -> None:
    found = planned(tmp_path, "[{step: factors, size: 4}]")
    assert labels(found) == ["base", "second", "factors"]
    assert [item.asked for item in found] == [False, False, True]
    assert found[2].settings == Settings(size=4)


def test_a_default_can_be_set_renamed_and_switched_off(tmp_path: Path) -> None:
    found = planned(tmp_path, "[{step: second, name: mine, size: 9}]")
    assert labels(found) == ["base", "mine"]
    assert labels(planned(tmp_path, "[{step: second, enabled: false}]")) == ["base"]
    assert refused(tmp_path, "[{step: base, enabled: false}]") == ["step-need-missing"]


def test_an_analysis_follows_what_it_needs_wherever_it_stands(tmp_path: Path) -> None:
    found = planned(tmp_path, "[{step: order}, {step: factors}]")
    assert labels(found) == ["base", "second", "factors", "order"]
    assert found[3].needs == {"factors": "factors"}


def test_whose_results_are_taken_is_said_by_after(tmp_path: Path) -> None:
    two = "{step: factors, name: early}, {step: factors, name: late}"
    assert refused(tmp_path, f"[{two}, {{step: order}}]") == ["analysis-need-unclear"]
    found = planned(tmp_path, f"[{two}, {{step: order, after: [early]}}]")
    assert found[-1].needs == {"factors": "early"}
    both = planned(tmp_path, f"[{two}, {{step: order, after: [late, base]}}]")
    assert both[-1].needs == {"factors": "late"}


def test_after_alone_orders(tmp_path: Path) -> None:
    found = planned(tmp_path, "[{step: factors, name: b, after: [a]}, {step: factors, name: a}]")
    assert labels(found)[2:] == ["a", "b"]


@pytest.mark.parametrize(
    ("analyses", "codes"),
    [
        ("[{step: faktors}]", ["unknown-step"]),
        ("[{step: factors, size: many}]", ["step-settings"]),
        ("[{step: factors, sise: 3}]", ["step-settings"]),
        ("[{step: factors, after: 3}]", ["step-settings"]),
        ("[{step: factors, enabled: perhaps}]", ["step-settings"]),
        ("[{step: factors, enabled: false, sise: 3}]", ["step-settings"]),
        ("[{step: factors, enabled: false, after: 3}]", ["step-settings"]),
        ("[{step: factors}, {step: factors}]", ["step-label-twice"]),
        ("[{step: order}]", ["step-need-missing"]),
        ("[{step: factors, after: [bose]}]", ["analysis-after-unknown"]),
        (
            "[{step: factors, name: a, after: [b]}, {step: factors, name: b, after: [a]}]",
            ["analyses-wait-for-each-other"],
        ),
        ("[{step: faktors}, {step: factors, size: x}]", ["unknown-step", "step-settings"]),
    ],
)
def test_what_cannot_be_planned_is_refused(tmp_path: Path, analyses: str, codes: list[str]) -> None:
    assert refused(tmp_path, analyses) == codes


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        ("events: [strains]", "`events` is a list: keys and values are expected"),
        (
            "events: {instrument: strains}",
            "there is no setting `events.instrument`; `events` has instruments, items, source, "
            "threshold. Did you mean 'instruments'?",
        ),
        ("rule: frist-any", "`rule` is 'frist-any': expected is 'first-strict', 'first-any'"),
        ("placebo: {draws: many}", "`placebo.draws` is 'many': a whole number is expected"),
        ("treshold: 2", "there is no setting `treshold`; it has anchor_occasions, background"),
    ],
)
def test_wrong_settings_are_told_in_words(tmp_path: Path, analysis: str, words: str) -> None:
    path = write_study(tmp_path, analyses=f"[{{step: trajectories, {analysis}}}]")
    with pytest.raises(StudyError) as refusal:
        plan_analyses(read_study(path))
    (found,) = (one for one in refusal.value.findings if words in one.text)
    assert found.code == "step-settings"


@pytest.mark.parametrize(
    "analyses",
    [
        "[{step: factors}, {step: factors}]",
        "[{step: order}]",
        "[{step: factors, after: [bose]}]",
        "[{step: factors, name: a, after: [b]}, {step: factors, name: b, after: [a]}]",
    ],
)
def test_refusals_of_a_plan_name_its_line(tmp_path: Path, analyses: str) -> None:
    with pytest.raises(StudyError) as caught:
        planned(tmp_path, analyses)
    (told,) = caught.value.findings
    assert told.evidence.file == "study.yaml"
    assert told.evidence.line is not None


def test_refusals_name_what_was_probably_meant(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        planned(tmp_path, "[{step: faktors}]")
    (told,) = caught.value.findings
    assert "Did you mean 'factors'?" in told.text
    assert "base" in told.mend
    assert told.evidence.line is not None


def test_a_step_s_own_after_is_its_setting_and_names_no_analysis(tmp_path: Path) -> None:
    asked = """
  - {step: change-on-baseline, baseline: 1, after: 3}
  - {step: mechanism, factor: mood, mechanism: events, after: "2"}
"""
    study = read_study(write_study(tmp_path, analyses=asked))
    found = {item.label: item for item in plan_analyses(study)}
    for label, after in (("change-on-baseline", "3"), ("mechanism", "2")):
        assert found[label].settings.model_dump()["after"] == after
        assert found[label].after == ()


def test_an_occasion_under_after_of_another_step_is_told_as_one(tmp_path: Path) -> None:
    with pytest.raises(StudyError) as caught:
        planned(tmp_path, '[{step: factors, after: "2"}]')
    (told,) = caught.value.findings
    assert "which is an occasion and no analysis" in told.text
