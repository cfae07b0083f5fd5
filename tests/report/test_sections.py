"""Sections: analyses after the backbone are shown alike; small pieces agree with hand counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen import Results
from salutogen.analyses.contract import Analysis, AnalysisResult
from salutogen.analyses.running import Outcome
from salutogen.columns import Column
from salutogen.findings import Finding, Severity
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import hide_small
from salutogen.page.words import number, p_value, percent, points, signed
from salutogen.report.context import Context, quantiles
from salutogen.report.report import analysis_sections
from salutogen.report.sections.plane import inner, line_on_grid
from salutogen.report.sections.sr_courses import histogram, phases_table, pick_persons
from tests.report.reading import Page

pytestmark = pytest.mark.figures

LOCKS = Analysis(name="locks", title="Event locks", settings="x:y", compute="x:y")
COLUMNS = (Column(name="x", meaning="x"), Column(name="y", meaning="y", unit="points"))


def lock_section() -> Section:
    """What an analysis gives, in the smallest form."""
    data = pl.DataFrame({"x": [1, 2], "y": [0.5, 0.25]})
    chart = {
        "data": {"values": data.to_dicts()},
        "mark": "line",
        "encoding": {"x": {"field": "x", "type": "quantitative"}},
    }
    figure = Figure(
        name="lock",
        title="Locked courses",
        description="Two points.",
        chart=chart,
        data=data,
        columns=COLUMNS,
    )
    table = Table(name="locks", title="Anchors <all>", frame=data, columns=COLUMNS)
    return Section(title="Event locks", figures=(figure,), tables=(table,))


def done(label: str, *sections: Section) -> Outcome:
    return Outcome(analysis=LOCKS, label=label, result=AnalysisResult(), sections=sections)


def test_what_is_done_again_has_its_name_on_headings_and_files(shown_results: Results) -> None:
    context = Context.of(
        shown_results.backbone,
        shown_results.context,
        outcomes=tuple(done(name, lock_section()) for name in ("locks", "later", "Später: T3")),
    )
    made = analysis_sections(context)
    assert [part.title for part in made] == [
        f"Event locks [{name}]" for name in ("locks", "later", "Später: T3")
    ]
    assert [part.figures[0].name for part in made] == ["lock", "lock-later", "lock-3"]
    assert [part.tables[0].name for part in made] == ["locks", "locks-later", "locks-3"]


@pytest.fixture(scope="module")
def with_steps(shown_results: Results) -> Page:
    refused = Finding(code="step-refused", severity=Severity.REFUSAL, text="Too few.", mend="More.")
    outcomes = (
        done("locks", lock_section(), lock_section()),
        Outcome(analysis=LOCKS, label="more", findings=(refused,)),
    )
    report = replace(shown_results, analyses=outcomes).report()
    assert {"lock"} <= report.figures.keys()
    assert report.tables["locks"].shape == (2, 2)
    return Page(report.html)


def test_steps_are_shown_like_the_backbone(with_steps: Page) -> None:
    assert with_steps.crossed == []
    assert [e for e in with_steps.all("caption") if e.text == "Anchors <all>"]
    headings = [e.text for e in with_steps.all("h2")]
    at = [headings.index(name) for name in ("Event locks", "Methods, ready to adapt")]
    assert at == sorted(at)
    ids = [e.attributes["id"] for e in with_steps.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def test_a_refused_step_says_why(with_steps: Page) -> None:
    assert "Event locks: refused" in [e.text for e in with_steps.all("h2")]
    assert [e for e in with_steps.all("li") if "Too few." in e.text and "More." in e.text]


def test_a_figure_name_used_twice_is_named(with_steps: Page) -> None:
    assert [e for e in with_steps.all("code") if e.text == "figure-name-twice"]
    assert sum(e.attributes.get("id") == "figure-lock" for e in with_steps.all("figure")) == 1


def test_one_step_done_twice_keeps_all_figures_and_tables(shown_results: Results) -> None:
    outcomes = (
        done("milder", lock_section()),
        done("a <b>", lock_section()),
    )
    report = replace(shown_results, analyses=outcomes).report()
    assert {"lock", "lock-2"} <= report.figures.keys()
    assert {"locks", "locks-2", "figure-lock", "figure-lock-2"} <= report.tables.keys()
    page = Page(report.html)
    headings = [e.text for e in page.all("h2")]
    assert {"Event locks [milder]", "Event locks [a <b>]"} <= set(headings)
    assert not [e for e in page.all("code") if e.text == "figure-name-twice"]
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def test_a_figure_that_cannot_be_drawn_is_left_out_and_named(shown_results: Results) -> None:
    section = lock_section()
    broken = replace(section.figures[0], chart={"mark": "no such mark", "encoding": {"x": 3}})
    report = replace(
        shown_results, analyses=(done("locks", replace(section, figures=(broken,))),)
    ).report()
    assert "lock" not in report.figures
    assert [e for e in Page(report.html).all("code") if e.text == "figure-not-drawn"]


def context_of(results: Results, individuals: bool = True) -> Context:
    audience = replace(results.context.audience, individuals=individuals)
    return Context.of(results.backbone, replace(results.context, audience=audience))


def test_band_is_that_of_least_squares_with_unequal_scatter(shown_results: Results) -> None:
    import statsmodels.api as sm

    norm = shown_results.norm
    persons = norm.period_tables["person"]
    grid = line_on_grid(norm.lines.person, 10.0, 60.0)
    fitted = sm.OLS(persons["P"].to_numpy(), sm.add_constant(persons["E"].to_numpy())).fit()
    told = fitted.get_prediction(sm.add_constant(grid["E"].to_numpy()))
    assert grid["expected"].to_numpy() == pytest.approx(told.predicted_mean, rel=1e-9)
    X = sm.add_constant(grid["E"].to_numpy())
    assert norm.lines.person.claims is not None
    half = stats.t.ppf(0.975, norm.lines.person.claims.df) * np.sqrt(
        np.einsum("ij,jk,ik->i", X, fitted.get_robustcov_results("HC3").cov_params(), X)
    )
    assert (grid["high"] - grid["expected"]).to_numpy() == pytest.approx(half, rel=1e-9)


def test_the_band_is_the_interval_that_the_sentence_gives(shown_results: Results) -> None:
    norm = shown_results.norm
    line = norm.lines.person
    assert line.claims is not None
    for place in line.claims.at.values():
        assert place.E is not None
        units = norm.reference_units["person"]
        row = line_on_grid(line, place.E, place.E + 1.0, units).row(0, named=True)
        assert (row["low"], row["high"]) == pytest.approx((place.low, place.high))


def test_picked_persons_are_near_their_quantiles(shown_results: Results) -> None:
    context = context_of(shown_results)
    picked = pick_persons(context)
    SR = dict(zip(context.persons["person"], context.persons["SR"], strict=True))
    found = [SR[person] for person in picked.values()]
    assert found == sorted(found)
    assert len(set(picked.values())) == 5
    assert pick_persons(context_of(shown_results, individuals=False)) == {}


def test_bins_count_everyone_and_have_an_edge_at_zero() -> None:
    values = np.random.default_rng(3).normal(0.4, 2.0, 500)
    table = histogram(values, 1)
    assert table["persons"].sum() == 500
    assert np.abs(table["from"].to_numpy()).min() < 1e-12
    below = table.filter(pl.col("to") < 1e-9)["persons"].sum()
    assert below == int((values < 0).sum())
    assert 490 <= histogram(values, 5)["persons"].sum() < 500, "the inner 98 %"


@pytest.mark.parametrize("seed", range(5))
def test_edges_of_hidden_bars_have_three_digits(seed: int) -> None:
    edges = histogram(np.random.default_rng(seed).normal(0, 3.3, 12 * 10**seed), 5)
    for edge in (*edges["from"], *edges["to"]):
        assert edge == pytest.approx(float(f"{edge:.3g}"), rel=1e-9)


def test_quantiles_of_few_are_kept_back() -> None:
    values = np.arange(40.0)
    assert quantiles(values, (0.1, 0.25, 0.5), 5) == [None, 9.0, 19.0]
    assert quantiles(values, (0.1,), 1) == pytest.approx([3.9])
    assert quantiles(np.array([]), (0.5,), 1) == [None]


@pytest.mark.parametrize("n", [40, 41, 42, 43])
def test_no_fraction_of_a_quantile_tells_how_many_there_are(n: int) -> None:
    values = np.arange(float(n))
    told = [*quantiles(values, (0.25, 0.5, 0.75), 5), *inner(values, 0.01, 5)]
    assert set(told) <= set(values)


def test_phases_are_averaged_over_persons(shown_results: Results) -> None:
    phases = pl.DataFrame(
        {
            "subject": ["a", "b", "a"],
            "phase": ["before", "before", "after"],
            "SR_frozen": [1.0, 3.0, -2.0],
            "SR_refit": [0.5, -0.5, None],
        }
    )
    results = replace(shown_results, resilience=replace(shown_results.resilience, phases=phases))
    assert phases_table(context_of(results)).frame.rows() == [
        ("before", 2, 2.0, 0.0),
        ("after", 1, -2.0, None),
    ]
    context = context_of(results, individuals=False)
    assert hide_small(phases_table(context), context.audience).frame.rows() == [
        ("before", None, None, None),
        ("after", None, None, None),
    ]


def test_numbers_in_words() -> None:
    assert [number(x) for x in (0.12345, 1234.5, None, float("nan"), 12, True, 1e-17)] == [
        "0.123", "1,234", "–", "–", "12", "yes", "0",
    ]  # fmt: skip
    assert [signed(x) for x in (0.5, -0.5, 1e-16, None)] == ["+0.50", "−0.50", "0.00", "–"]
    assert [points(x, 1) for x in (-0.04, 1234.56)] == ["0.0", "1,234.6"]
    assert [percent(x) for x in (0.3064, 0.052, 0.0, None)] == ["31 %", "5.2 %", "0 %", "–"]
    small = [percent(x) for x in (0.0012, 0.00053, 0.00001)]
    assert small == ["0.1 %", "0.05 %", "below 0.01 %"]
    assert [p_value(x) for x in (0.137, 1e-5, None)] == ["p = .137", "p < .001", "p not computed"]
