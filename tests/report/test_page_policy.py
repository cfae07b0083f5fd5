"""The page's policy: its own scripts and no other, and no text ever becomes code."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from salutogen.report import Report
from tests.report.reading import Page

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
CLICKS = """
window.addEventListener("unhandledrejection", (event) => {
  document.title = `ERR ${event.reason}`;
});
window.addEventListener("load", () => {
  for (const button of document.querySelectorAll(".explore")) button.click();
});
"""


def source_of(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def policy_of(html: str) -> dict[str, list[str]]:
    (found,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    return {part.split()[0]: part.split()[1:] for part in found.split(";")}


def scripts_of(html: str) -> list[str]:
    return [e.text for e in Page(html).all("script") if "type" not in e.attributes]


@pytest.mark.parametrize("name", ["shown_report", "hidden_report", "bare_report"])
def test_only_the_scripts_of_the_page_may_run(name: str, request: pytest.FixtureRequest) -> None:
    report: Report = request.getfixturevalue(name)
    policy = policy_of(report.html)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == [source_of(script) for script in scripts_of(report.html)]
    assert not any("unsafe" in word for word in policy["script-src"])
    assert not re.search(r"<[a-z][^>]*\son[a-z]+=", report.html.split("<script", 1)[0])


def test_programs_in_the_page_bring_their_licences(shown_report: Report) -> None:
    (licence,) = [e.text for e in Page(shown_report.html).all("pre")]
    for words in ("University of Washington Interactive Data Lab", "Mike Bostock", "MIT licence"):
        assert words in licence
    assert "ANY EXPRESS OR\nIMPLIED WARRANTIES" in licence


@pytest.mark.skipif(BROWSER is None, reason="no browser to open the page with")
def test_figures_are_explored_under_the_policy(shown_report: Report, tmp_path: Path) -> None:
    assert BROWSER is not None
    buttons = [e for e in Page(shown_report.html).all("button") if "data-figure" in e.attributes]
    allowed = shown_report.html.replace("script-src ", f"script-src {source_of(CLICKS)} ", 1)
    before, end, after = allowed.rpartition("</body>")
    page = tmp_path / "page.html"
    page.write_text(
        f"{before}<script>{CLICKS}</script>{end}{after}", encoding="utf-8", newline="\n"
    )
    opened = subprocess.run(
        [
            BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000",
            f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    assert "Content Security Policy" not in opened.stderr
    assert "<title>ERR" not in opened.stdout
    assert opened.stdout.count('aria-pressed="true"') == len(buttons) > 0
    live = [part for part in opened.stdout.split('class="live')[1:] if "<svg" in part[:2000]]
    assert len(live) == len(buttons)
