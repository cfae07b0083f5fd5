"""The methods paragraph says of which score its figures are, and writes what was fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salutogen import Results
from salutogen.norm import Norm
from salutogen.page.words import say, signed
from salutogen.report.context import Context
from salutogen.report.sections.methods import adaptation_words, methods_section
from salutogen.study import Study, read_study

BY_CONSTRUCTION = "with SR of persons' means, from the line over these, it is 0 by construction."


def words(results: Results, norm: Norm | None = None) -> str:
    backbone = replace(results.backbone, norm=norm or results.norm)
    section = methods_section(Context.of(backbone, results.context))
    return str(section.paragraphs[1])


def test_exposure_left_is_that_of_the_score_of_occasions(shown_results: Results) -> None:
    left = shown_results.backbone.resilience.summary.sr_exposure_correlation
    told = words(shown_results)
    assert (
        f"SR of single occasions, from the line over occasions, correlated with E at "
        f"{signed(left.between)} between and {signed(left.within)} within persons; "
        f"{BY_CONSTRUCTION}"
    ) in told


@pytest.mark.parametrize("change", [{"primary": "occasion"}, {"external": "another.json"}])
def test_what_is_not_by_construction_is_not_called_so(
    shown_results: Results, change: dict[str, str]
) -> None:
    assert BY_CONSTRUCTION not in words(shown_results, replace(shown_results.norm, **change))


def test_an_equation_has_one_sign_before_each_term(shown_results: Results) -> None:
    norm = shown_results.norm
    line = norm.lines.person
    falling = replace(line, coefficients=(10.0, *(-0.5 for _ in line.coefficients[1:])))
    found = {key: falling if one is line else one for key, one in norm.lines.items()}
    lines = replace(norm.lines, found=found)
    assert "(P = 10.000 − 0.5000 × E" in words(shown_results, replace(norm, lines=lines))


def test_positive_sr_is_less_resilience_only_where_problems_go_with_exposure(
    shown_results: Results,
) -> None:
    """The flat gloss would say what the page's own warning takes back."""
    norm = shown_results.norm
    line = norm.primary_line
    assert line.claims is not None
    assert line.claims.shows_exposure

    def with_claims(**changed: object) -> Norm:
        other = replace(line, claims=replace(line.claims, **changed))
        found = {key: other if one is line else one for key, one in norm.lines.items()}
        return replace(norm, lines=replace(norm.lines, found=found))

    gloss = "that is, lower resilience"
    assert gloss in words(shown_results)
    falling = with_claims(change=replace(line.claims.change, change=-1.0))
    assert gloss not in words(shown_results, falling)
    assert "so that SR was not read as resilience." in words(shown_results, falling)
    unsettled = with_claims(test=None)
    assert gloss not in words(shown_results, unsettled)
    assert "only where problems go with exposure, which was not shown here." in words(
        shown_results, unsettled
    )
    for told in (words(shown_results, falling), words(shown_results, unsettled)):
        assert "positive SR means more problems than expected given exposure" in told


def test_what_was_adapted_stands_in_the_methods_and_nothing_of_it_elsewhere(
    shown_results: Results,
) -> None:
    assert "adapted" not in design_words(shown_results.study)
    plan = shown_results.study.plan.model_dump(mode="json", by_alias=True)
    name = shown_results.study.exposure_types[0]
    log = [{"change": "added", "items": ["E0_0", "E0_1"], "reason": "asked for by nurses."}]
    plan["instruments"][name]["adaptations"] = log
    plan["instruments"]["ghq-12"]["adaptations"] = [
        {"change": "reworded", "items": [2], "when": "2024-03", "reason": "plain {language}"}
    ]
    told = design_words(read_study(plan))
    assert (
        f" {name} was adapted. What was changed: 2 items added (block 'added') (reason: asked for "
        "by nurses). Standard and added items have scores of their own"
    ) in told
    assert (
        " ghq-12 was adapted from General Health Questionnaire, 12 items; version 1; Goldberg"
    ) in told
    assert "item 2 reworded (2024-03; reason: plain {language})." in told
    assert "Its published reliability, cut-offs and norms may not hold for it." in told


def design_words(study: Study) -> str:
    """What the methods say of adaptations, as the paragraph writes it."""
    return (say("Design.") + adaptation_words(study)).worded(str)
