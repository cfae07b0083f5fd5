"""From answers to problems P and exposure E."""

from salutogen.scores.scores import Measure, ScaleReliability, Scores, Standardiser
from salutogen.scores.scoring import score

__all__ = ["Measure", "ScaleReliability", "Scores", "Standardiser", "score"]
