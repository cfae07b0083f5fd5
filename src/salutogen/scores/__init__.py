"""From answers to problems P and exposure E."""

from salutogen.scores.between_within import (
    BetweenWithinReliability,
    reliability_between_within,
)
from salutogen.scores.components import FirstComponent
from salutogen.scores.rescoring import rescore
from salutogen.scores.scores import Measure, ScaleReliability, Scores, Standardiser
from salutogen.scores.scoring import score

__all__ = [
    "BetweenWithinReliability",
    "FirstComponent",
    "Measure",
    "ScaleReliability",
    "Scores",
    "Standardiser",
    "reliability_between_within",
    "rescore",
    "score",
]
