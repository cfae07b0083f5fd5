"""The page: well formed, self-contained, readable by keyboard and screen reader."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from salutogen import Results
from salutogen.page.colours import PALETTE
from salutogen.report import Report
from tests.report.cohorts import make_results
from tests.report.reading import Page

pytestmark = pytest.mark.figures


@pytest.fixture(scope="module")
def page(shown_report: Report) -> Page:
    return Page(shown_report.html)


def test_every_tag_is_closed_in_order(page: Page) -> None:
    assert page.crossed == []
    assert page.open == []
    assert [element.tag for element in page.elements][:2] == ["html", "head"]


def test_one_main_heading_and_no_level_is_skipped(page: Page) -> None:
    levels = [int(e.tag[1]) for e in page.elements if re.fullmatch(r"h[1-6]", e.tag)]
    body = levels[levels.index(1) :]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(body))


def test_ids_are_unique_and_references_are_met(page: Page) -> None:
    ids = Counter(e.attributes["id"] for e in page.elements if "id" in e.attributes)
    assert [name for name, n in ids.items() if n > 1] == []
    for element in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set(element.attributes.get(name, "").split()) <= ids.keys()
        link = element.attributes.get("href", "")
        if element.tag == "a":
            assert link.startswith("#")
            assert link[1:] in ids
        used = re.findall(r"url\(#([^)]+)\)", " ".join(element.attributes.values()))
        assert set(used) <= ids.keys()


def test_nothing_is_fetched(page: Page, shown_report: Report) -> None:
    loading = {"src", "srcset", "data", "poster", "action", "background"}
    for element in page.elements:
        assert element.tag not in {"link", "iframe", "object", "embed", "img", "base", "form"}
        assert not loading & element.attributes.keys()
        assert "url(" not in element.attributes.get("style", "")
    style = "".join(e.text for e in page.all("style"))
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in shown_report.html


def test_landmarks_and_skip_link(page: Page) -> None:
    first_link = page.all("a")[0]
    assert first_link.attributes["href"] == "#main"
    assert page.all("main")[0].attributes["id"] == "main"
    assert len(page.all("main")) == len(page.all("header")) == len(page.all("footer")) == 1
    assert page.all("nav")[0].attributes["aria-labelledby"]
    assert page.all("html")[0].attributes["lang"] == "en"


def test_opens_with_question_answer_sign_and_findings(shown_report: Report) -> None:
    html = shown_report.html
    order = [
        html.index(text)
        for text in (
            "Who stays well under pandemic stressors?",
            "Those who reported more stressors had more problems.",
            "positive = over-reactive = less resilient",
            "Problems per point of exposure",
            "<summary>The answer in numbers, and what it stands on</summary>",
            "those who reported more stressors had more problems: ",
            'id="findings-title"',
            "Participant flow and missing answers</h2>",
        )
    ]
    assert order == sorted(order)


def test_the_answer_in_numbers_waits_behind_a_fold_under_headings(page: Page) -> None:
    (fold,) = (e for e in page.all("details") if e.attributes.get("class") == "numbers")
    assert "open" not in fold.attributes
    for heading in ("Problems and exposure", "Persons", "Can it be believed?"):
        assert heading in fold.text


def test_findings_are_sorted_with_their_evidence(page: Page) -> None:
    shown = [e for e in page.all("li") if "finding" in e.attributes.get("class", "").split()]
    severities = [e.attributes["class"].split()[1] for e in shown]
    assert severities == sorted(severities, key=["refusal", "warning", "note"].index)
    assert {"warning", "note"} <= set(severities)
    (own,) = [e for e in shown if "outside-range" in e.text]
    assert "7, 9, 11" in own.text
    assert "Read them with care." in own.text


def test_every_table_has_caption_and_scope(page: Page) -> None:
    assert len(page.all("table")) > 20
    for table in page.all("table"):
        assert table.children[0] == "caption"
    for heading in page.all("th"):
        assert heading.attributes["scope"] in {"col", "row"}


def test_every_figure_is_described_and_has_its_data(page: Page, shown_report: Report) -> None:
    drawings = [e for e in page.all("svg") if e.attributes.get("role") == "img"]
    words = {
        e.attributes["id"]: e.text
        for e in page.elements
        if e.tag in {"title", "desc"} and "id" in e.attributes
    }
    assert len(drawings) == len(shown_report.figures) == len(page.all("figure")) >= 12
    for drawing in drawings:
        assert len(words[drawing.attributes["aria-labelledby"]]) > 10
        assert len(words[drawing.attributes["aria-describedby"]]) > 40
    for name in shown_report.figures:
        assert f'id="figure-{name}"' in shown_report.html
        assert f"figure-{name}" in shown_report.tables
    for figure in page.all("figure"):
        assert {"h3", "div", "figcaption", "details"} <= set(figure.children)


def test_drawings_follow_the_theme(page: Page) -> None:
    light_values = {light for light, _ in PALETTE.values()}
    for element in page.elements:
        if "svg" in element.parents:
            for name in ("fill", "stroke"):
                assert element.attributes.get(name) not in light_values
    style = "".join(e.text for e in page.all("style"))
    for needed in (
        "prefers-color-scheme:dark",
        "prefers-reduced-motion",
        "@media print",
        ":focus-visible",
        "data-theme=dark",
    ):
        assert needed in style


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_contrast_is_enough(theme: int) -> None:
    paper = PALETTE["paper"][theme]
    for name in ("ink", "quiet", "problems"):
        assert contrast(PALETTE[name][theme], paper) >= 4.5
    for name in (
        "exposure",
        "line",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "sr-1",
        "sr-5",
    ):
        assert contrast(PALETTE[name][theme], paper) >= 3
    assert contrast(PALETTE["ink"][theme], PALETTE["heat-3"][theme]) >= 4.5
    assert contrast(paper, PALETTE["heat-4"][theme]) >= 4.5


def test_scripts_are_there_once_and_end_where_they_should(page: Page) -> None:
    assert page.crossed == []
    scripts = page.all("script")
    assert sum("vegaEmbed" in e.text and len(e.text) > 500_000 for e in scripts) == 1
    assert [
        e.attributes["data-figure"] for e in page.all("button") if "data-figure" in e.attributes
    ]
    assert '"$schema"' not in "".join(e.text for e in scripts if "type" in e.attributes)


def test_same_results_same_bytes(shown_results: Results, shown_report: Report) -> None:
    again = shown_results.report()
    assert again.html == shown_report.html
    assert again.figures == shown_report.figures
    assert again.tables.keys() == shown_report.tables.keys()


def test_files_are_standalone_drawings(shown_report: Report) -> None:
    for figure in shown_report.figures.values():
        assert figure.svg.startswith(b"<svg")
        assert b"var(--" not in figure.svg
        assert figure.png.startswith(b"\x89PNG")


HOSTILE = ("subject.ID", "a[b]", "<script>alert(1)</script>")


def test_names_from_a_study_stay_text() -> None:
    results = make_results(
        n_persons=30,
        types=HOSTILE,
        title="<img src=x onerror=alert(1)> & {{ 7*7 }}",
        question='"</script><script>alert(2)</script>',
    )
    report = results.report()
    page = Page(report.html)
    assert page.crossed == []
    assert page.all("img") == []
    assert sum("alert" in e.text for e in page.all("script")) == 0
    assert "{{ 7*7 }}" in page.all("h1")[0].text
    quality = report.figures["exposure-quality"].svg.decode()
    for name in HOSTILE[:2]:
        assert name in quality
    assert "<script" not in quality
    cells = {e.text for e in page.all("th")}
    assert set(HOSTILE) <= cells


def test_a_study_with_one_occasion_still_has_its_page(bare_report: Report) -> None:
    report = bare_report
    page = Page(report.html)
    assert page.crossed == []
    assert {"participant-flow", "plane", "sr-distribution"} <= report.figures.keys()
    assert not {"frozen-and-refitted", "variants", "window-lines"} & report.figures.keys()
    assert "No sliding windows were scored." in report.html
