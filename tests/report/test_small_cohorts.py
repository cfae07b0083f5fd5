"""Where persons are hidden, no page of any small cohort tells of a few, whoever they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

import salutogen as sg
from salutogen import Results
from salutogen.columns import Kind
from salutogen.page.opening import shown_findings
from salutogen.page.section import Section, Table
from salutogen.report.context import Context
from salutogen.report.opening import summarise
from salutogen.report.report import analysis_sections
from salutogen.report.sections.backbone import closing_sections, opening_sections

PERSONS, OCCASIONS = 113, 4  # more persons than a percentage can be
STUDY = """\
salutogen: 1
title: Small cohort
occasions: {every: 7 days, count: 4}
sources:
  answers: {layout: row-per-occasion, person: pid, occasion: week}
instruments:
  mood: {columns: "P_{1..3}", answers: 0..5, measures: problems, method: sum}
  events: {columns: "E_{1..4}", answers: 0..5, did_not_occur: 0, recall: 7 days}
problems: mood
exposure: {types: [events], score: severity, combine: sum}
norm: {shape: test}
resilience: {bootstrap: 20, windows: {width: 2}}
report: {individuals: hide}
analyses: [{step: concordance, enabled: false}]
"""
PROBLEMS = [f"P_{item}" for item in (1, 2, 3)]
EVENTS = [f"E_{item}" for item in (1, 2, 3, 4)]
LACKS = {"form": [], "problems": PROBLEMS, "exposure": EVENTS, "item": ["P_2"]}

NESTED = (
    ("planned", "answered"),
    ("answered", "with_P"),
    ("answered", "with_E"),
    ("answered", "valid"),
    ("with_P", "valid"),
    ("with_E", "valid"),
)

Gap = tuple[str, int, int, int]  # what is lacking, from which person on, of how many, when
gaps = st.lists(
    st.tuples(
        st.sampled_from(sorted(LACKS)),
        st.integers(0, 99),
        st.sampled_from((1, 2, 3, 4, 5, 7, 12)),
        st.integers(0, OCCASIONS),  # 0 is all but the first
    ),
    min_size=1,
    max_size=3,
)


@cache
def answers() -> pl.DataFrame:
    """Complete answers: problems follow events and differ between persons."""
    rng = np.random.default_rng(5)
    level = np.repeat(rng.normal(2.0, 0.8, PERSONS), OCCASIONS)[:, None]
    E = rng.integers(0, 6, (PERSONS * OCCASIONS, 4))
    noise = rng.normal(0, 0.7, (PERSONS * OCCASIONS, 3))
    P = np.clip(np.rint(level + 0.3 * E.mean(axis=1)[:, None] + noise), 0, 5).astype(int)
    person = np.repeat(np.arange(PERSONS), OCCASIONS)
    return pl.DataFrame(
        {
            "pid": [f"MUC-{1000 + 7 * index}" for index in person],
            "person": person,
            "week": np.tile(np.arange(1, OCCASIONS + 1), PERSONS),
            **dict(zip(PROBLEMS, P.T, strict=True)),
            **dict(zip(EVENTS, E.T, strict=True)),
        }
    )


def with_gaps(found: list[Gap]) -> pl.DataFrame:
    frame = answers()
    for what, first, n, week in found:
        when = pl.col("week") > 1 if week == 0 else pl.col("week") == week
        hit = pl.col("person").is_between(first, first + n - 1) & when
        if what == "form":
            frame = frame.filter(~hit)
        else:
            frame = frame.with_columns(
                pl.when(~hit).then(pl.col(name)).alias(name) for name in LACKS[what]
            )
    return frame.drop("person")


def results_of(found: list[Gap]) -> Results:
    return run(STUDY, with_gaps(found))


def run(study: str, frame: pl.DataFrame) -> Results:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(study, "utf-8")
        frame.write_csv(Path(folder) / "answers.csv")
        return sg.run(path)


def page_of(results: Results) -> tuple[list[Section], list[str]]:
    """Sections as the page shows them, and every text on it; only the drawing is left out."""
    given_context = Context.of(
        results.backbone,
        results.context,
        outcomes=results.analyses,
        findings=results.findings,
        provenance=results.provenance,
    )
    made = [
        *opening_sections(given_context),
        *analysis_sections(given_context),
        *closing_sections(given_context),
    ]
    sections, _ = given_context.guard.sections(made)
    opening = summarise(given_context)
    texts = [*opening.answer, *(f"{fact.value} {fact.beside}" for fact in opening.facts)]
    for section in sections:
        texts += [section.title, *map(str, section.paragraphs)]
        texts += [str(figure.description) for figure in section.figures]
        texts += [table.note for table in section.tables]
    told = shown_findings(given_context.findings, given_context.guard)
    for item in told:
        texts += [item.text, *(fact.value for fact in item.evidence)]
    return list(sections), texts


def tables_of(sections: list[Section]) -> Iterator[Table]:
    for section in sections:
        yield from section.tables
        yield from (figure.table() for figure in section.figures)


def wholes_of(results: Results) -> list[int]:
    valid = int(results.score_table.table["valid"].sum())
    return [PERSONS, PERSONS * OCCASIONS, results.score_table.table.height, valid]


def tells_of_few(n: int, wholes: list[int]) -> bool:
    return 0 < n < 5 or any(0 < whole - n < 5 and n not in wholes for whole in wholes)


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(found=gaps)
@example(found=[("form", 3, 2, 4), ("problems", 5, 3, 3), ("exposure", 11, 2, 2)])
@example(found=[("form", 3, 3, 0)])
@example(found=[("problems", 8, 3, 1), ("problems", 8, 3, 2), ("form", 50, 1, 3)])
def test_no_page_tells_of_a_few(found: list[Gap]) -> None:
    results = results_of(found)
    sections, texts = page_of(results)
    wholes = wholes_of(results)
    rounded = {5 * round(forms / 5) for forms in wholes[1:]}  # as all forms themselves are told
    seen = {table.name: table for table in tables_of(sections)}
    assert {"flow", "lines"} <= seen.keys()

    for table in seen.values():
        for name in table.frame.columns:
            if table.column(name).kind is Kind.COUNT and name != "n_changed":
                for n in table.frame[name].drop_nulls().to_list():
                    told = int(n) in rounded or not tells_of_few(int(n), wholes)
                    assert told, (table.name, name, n)
    for row in seen["flow"].frame.iter_rows(named=True):
        for whole, part in NESTED:
            if row[whole] is not None and row[part] is not None:
                assert not 0 < row[whole] - row[part] < 5, row
    _no_sum_gives_away(seen, results)

    for text in texts:
        words = re.sub(r"F\(1, \d+\)", "", text)
        for number in re.findall(r"(?<![\d.,−+-])\d+(?![\d.,]*\d| %)", words):
            assert not any(0 < whole - int(number) < 5 for whole in wholes if whole > 100) or int(
                number
            ) in {*wholes, *rounded}, text
        assert not re.search(r"\b[1-4] (?:of \d+ )?(?:persons?|participants?)\b", text), text
        assert "MUC-" not in text
        assert "Person A" not in text
    assert all("MUC-" not in table.frame.write_csv() for table in seen.values() if table.name)


def _no_sum_gives_away(seen: dict[str, Table], results: Results) -> None:
    """Cells that add up to a number that is told leave more cells open than sums bind."""
    flow = seen["flow"].frame
    true = results.score_table.flow
    for name in ("answered", "valid"):
        hidden = true.filter(flow[name].is_null())[name].to_list()
        assert len(hidden) != 1 or not tells_of_few(hidden[0], [PERSONS])
    by_number = seen["valid-occasions"].frame["persons"]
    assert by_number.null_count() == 0 or by_number.null_count() >= 3
    means = seen["exposure-and-problems"].frame
    for measure, column in (("E", "with_E"), ("P", "with_P")):
        own = means.filter(pl.col("measure") == measure)["n"].is_not_null()
        assert not (own & flow[column].is_null()).any()
    line = seen["lines"].frame.filter(pl.col("n").is_null())
    assert line["se"].null_count() == line.height == line["r_squared"].null_count()


def test_a_category_of_few_has_no_coefficient() -> None:
    study = STUDY.replace("norm: {shape: test}", "norm: {covariates: [site]}") + (
        "background: {site: {column: site, kind: category}}\n"
    )
    site = pl.when(pl.col("person") < 3).then(pl.lit("c"))
    site = site.otherwise(
        pl.when(pl.col("person") % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    )
    sections, texts = page_of(run(study, answers().with_columns(site.alias("site")).drop("person")))
    lines = next(table for table in tables_of(sections) if table.name == "lines").frame
    assert not lines["term"].str.contains("=").any(), "nor is its label told"
    few = lines.filter(term="site")
    assert few.height
    assert few["coefficient"].null_count() == few.height == few["se"].null_count()
    assert any("terms of site" in text for text in texts)
