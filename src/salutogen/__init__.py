"""salutogen: resilience research from study file to report.

Sign convention everywhere: SR = observed - expected problems.
Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from salutogen.version import VERSION

if TYPE_CHECKING:
    from salutogen.findings import Finding, Severity
    from salutogen.models import GrowthMixture, LongitudinalKMeans, MixedModel, Moments
    from salutogen.norm import Norm, fit_norm, read_norm
    from salutogen.panel import Panel, read_panel
    from salutogen.pipeline import Results, run
    from salutogen.resilience import Resilience, score_resilience
    from salutogen.scores import Scores, score
    from salutogen.simulation import simulate
    from salutogen.study import Study, read_study


__version__ = VERSION

_HOME = {
    "Finding": "salutogen.findings",
    "GrowthMixture": "salutogen.models",
    "LongitudinalKMeans": "salutogen.models",
    "MixedModel": "salutogen.models",
    "Moments": "salutogen.models",
    "Norm": "salutogen.norm",
    "Panel": "salutogen.panel",
    "Resilience": "salutogen.resilience",
    "Results": "salutogen.pipeline",
    "Scores": "salutogen.scores",
    "Severity": "salutogen.findings",
    "Study": "salutogen.study",
    "fit_norm": "salutogen.norm",
    "read_norm": "salutogen.norm",
    "read_panel": "salutogen.panel",
    "read_study": "salutogen.study",
    "run": "salutogen.pipeline",
    "score": "salutogen.scores",
    "score_resilience": "salutogen.resilience",
    "simulate": "salutogen.simulation",
}

__all__ = [
    "Finding",
    "GrowthMixture",
    "LongitudinalKMeans",
    "MixedModel",
    "Moments",
    "Norm",
    "Panel",
    "Resilience",
    "Results",
    "Scores",
    "Severity",
    "Study",
    "__version__",
    "fit_norm",
    "read_norm",
    "read_panel",
    "read_study",
    "run",
    "score",
    "score_resilience",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'salutogen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
