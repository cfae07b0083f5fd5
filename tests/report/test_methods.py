"""The methods paragraph says of which score its figures are, and writes what was fitted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from salutogen import Results
from salutogen.norm import Norm
from salutogen.page.words import signed
from salutogen.report.context import Context
from salutogen.report.sections.methods import methods_section

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
