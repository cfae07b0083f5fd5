"""What an analysis takes, made from scores, and what the page shows of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, Backbone
from salutogen.analyses.labelled import labelled
from salutogen.context import RunContext
from salutogen.findings import Finding
from salutogen.norm import fit_norm
from salutogen.page.audience import Audience
from salutogen.page.identifiers import Identifiers
from salutogen.page.privacy import Guard
from salutogen.page.section import Section
from salutogen.resilience import score_resilience
from salutogen.scores import Scores


def inputs_of(
    scores: Scores, *, bootstrap: int = 0, needed: dict[str, AnalysisResult] | None = None
) -> AnalysisInputs:
    """Fit norm and resilience to scores; of the panel there are only the persons."""
    norm, audience = fit_norm(scores), audience_of(scores)
    backbone = Backbone(
        study=scores.study,
        panel=cast(Any, SimpleNamespace(persons=scores.persons)),
        scores=scores,
        norm=norm,
        resilience=score_resilience(scores, norm, bootstrap=bootstrap),
    )
    return AnalysisInputs(
        **vars(labelled(backbone, audience)),
        run=RunContext(seed=1, audience=audience),
        needed=needed or {},
    )


def audience_of(scores: Scores, *, individuals: bool = True) -> Audience:
    return Audience(individuals=individuals, n_persons=scores.persons.height, seed=1)


def shown(
    result: AnalysisResult, inputs: AnalysisInputs, *, individuals: bool
) -> tuple[tuple[Section, ...], tuple[Finding, ...]]:
    """Sections as the page shows them, and what it says of those it withholds."""
    audience = audience_of(inputs.scores, individuals=individuals)
    guard = Guard(audience, Identifiers(inputs.panel.persons["subject"]))
    return guard.sections(result.sections(audience))
