"""From answers to problems P and exposure E."""

from salutogen.scores.components import FirstComponent
from salutogen.scores.scores import Measure, ScaleReliability, Scores, Standardiser
from salutogen.scores.scoring import score
from salutogen.scores.variants import exposure_variants, rescore

__all__ = [
    "FirstComponent",
    "Measure",
    "ScaleReliability",
    "Scores",
    "Standardiser",
    "exposure_variants",
    "rescore",
    "score",
]
