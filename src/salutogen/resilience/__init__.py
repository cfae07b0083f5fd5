"""From scores and a line to resilience scores: SR = observed - expected problems."""

from salutogen.resilience.resilience import Resilience
from salutogen.resilience.scoring import score_resilience

__all__ = ["Resilience", "score_resilience"]
