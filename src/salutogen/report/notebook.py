"""What a notebook shows of results: a short card with the main figures and the findings."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salutogen.pipeline import Results


def results_card(results: Results) -> str:
    """Return a small piece of HTML: counts, the primary line, and findings by severity."""
    line = results.norm.primary_line
    terms = ", ".join(
        f"{escape(term)} = {value:.4g}"
        for term, value in zip(line.terms, line.coefficients, strict=True)
    )
    severities = [item.severity.value for item in results.findings]
    counts = ", ".join(
        f"{severities.count(name)} {name}s" for name in ("refusal", "warning", "note")
    )
    return (
        f"<h3>{escape(results.study.title)}</h3>"
        f"<p>{results.panel.n_persons} persons, {results.panel.n_rows} answer forms.</p>"
        f"<p>Line over {escape(line.level)}s (n = {line.n}): {terms}; "
        f"R² = {line.r_squared:.3f}.</p>"
        "<p>SR = observed − expected problems. "
        "Positive = over-reactive = less resilient.</p>"
        f"<p>Findings: {counts}.</p>"
    )
