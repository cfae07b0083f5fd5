"""Numerical models of longitudinal data; they know no study and can be used alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salutogen.models.agreement import (
        Agreement,
        adjusted_rand_index,
        bootstrap_agreement,
        split_half_agreement,
    )
    from salutogen.models.bootstrap import (
        bootstrap_least_squares,
        percentile_interval,
        person_moments,
    )
    from salutogen.models.classification import classification_error
    from salutogen.models.classifying import class_probabilities
    from salutogen.models.convergence import ConvergenceWarning
    from salutogen.models.executing import Interrupted, executor_for, progress_bar
    from salutogen.models.growth_mixture import GrowthMixture
    from salutogen.models.growth_mixture_result import GrowthMixtureResult
    from salutogen.models.heteroscedasticity import ScatterTest, breusch_pagan
    from salutogen.models.imputation import copy_mean
    from salutogen.models.k_means_criteria import PartitionQuality, partition_quality
    from salutogen.models.k_means_result import KMeansPartition, LongitudinalKMeansResult
    from salutogen.models.least_squares import (
        FTest,
        Line,
        LinearFit,
        cross_validated_error,
        f_test,
        fit_least_squares,
    )
    from salutogen.models.longitudinal_k_means import LongitudinalKMeans
    from salutogen.models.mixed_bootstrap import MixedBootstrap
    from salutogen.models.mixed_comparison import FitComparison, compare_fits
    from salutogen.models.mixed_inference import ContrastTest
    from salutogen.models.mixed_model import MixedModel
    from salutogen.models.mixed_result import MixedModelResult
    from salutogen.models.mixed_robust import RobustInference
    from salutogen.models.mixture_assumptions import AssumptionComparison, compare_assumptions
    from salutogen.models.mixture_bootstrap import (
        BootstrapLikelihoodRatio,
        bootstrap_likelihood_ratio,
    )
    from salutogen.models.mixture_comparison import ClassComparison, compare_classes
    from salutogen.models.mixture_membership import Membership
    from salutogen.models.moments import Moments
    from salutogen.models.random_intercept import RandomInterceptFit, fit_random_intercept
    from salutogen.models.residual_structures import ContinuousAR1, HeterogeneousVariance
    from salutogen.models.robust import HuberFit, fit_huber
    from salutogen.models.splines import RestrictedCubicSpline
    from salutogen.models.structured_result import StructuredResult
    from salutogen.models.three_step_distal import ThreeStepOutcome, three_step_outcome
    from salutogen.models.three_step_logit import (
        ThreeStepPredictors,
        three_step_predictors,
    )
    from salutogen.models.warming import is_warm, warm

_HOME = {
    "Agreement": "agreement",
    "AssumptionComparison": "mixture_assumptions",
    "BootstrapLikelihoodRatio": "mixture_bootstrap",
    "ClassComparison": "mixture_comparison",
    "ContinuousAR1": "residual_structures",
    "ContrastTest": "mixed_inference",
    "ConvergenceWarning": "convergence",
    "FTest": "least_squares",
    "FitComparison": "mixed_comparison",
    "GrowthMixture": "growth_mixture",
    "GrowthMixtureResult": "growth_mixture_result",
    "HeterogeneousVariance": "residual_structures",
    "HuberFit": "robust",
    "Interrupted": "executing",
    "KMeansPartition": "k_means_result",
    "Membership": "mixture_membership",
    "Line": "least_squares",
    "LinearFit": "least_squares",
    "LongitudinalKMeans": "longitudinal_k_means",
    "LongitudinalKMeansResult": "k_means_result",
    "MixedBootstrap": "mixed_bootstrap",
    "MixedModel": "mixed_model",
    "MixedModelResult": "mixed_result",
    "Moments": "moments",
    "PartitionQuality": "k_means_criteria",
    "RandomInterceptFit": "random_intercept",
    "RestrictedCubicSpline": "splines",
    "RobustInference": "mixed_robust",
    "ScatterTest": "heteroscedasticity",
    "StructuredResult": "structured_result",
    "ThreeStepOutcome": "three_step_distal",
    "ThreeStepPredictors": "three_step_logit",
    "adjusted_rand_index": "agreement",
    "bootstrap_agreement": "agreement",
    "bootstrap_least_squares": "bootstrap",
    "bootstrap_likelihood_ratio": "mixture_bootstrap",
    "breusch_pagan": "heteroscedasticity",
    "class_probabilities": "classifying",
    "classification_error": "classification",
    "compare_assumptions": "mixture_assumptions",
    "compare_classes": "mixture_comparison",
    "compare_fits": "mixed_comparison",
    "copy_mean": "imputation",
    "cross_validated_error": "least_squares",
    "executor_for": "executing",
    "f_test": "least_squares",
    "fit_huber": "robust",
    "fit_least_squares": "least_squares",
    "fit_random_intercept": "random_intercept",
    "is_warm": "warming",
    "partition_quality": "k_means_criteria",
    "percentile_interval": "bootstrap",
    "person_moments": "bootstrap",
    "progress_bar": "executing",
    "split_half_agreement": "agreement",
    "three_step_outcome": "three_step_distal",
    "three_step_predictors": "three_step_logit",
    "warm": "warming",
}

__all__ = [
    "Agreement",
    "AssumptionComparison",
    "BootstrapLikelihoodRatio",
    "ClassComparison",
    "ContinuousAR1",
    "ContrastTest",
    "ConvergenceWarning",
    "FTest",
    "FitComparison",
    "GrowthMixture",
    "GrowthMixtureResult",
    "HeterogeneousVariance",
    "HuberFit",
    "Interrupted",
    "KMeansPartition",
    "Line",
    "LinearFit",
    "LongitudinalKMeans",
    "LongitudinalKMeansResult",
    "Membership",
    "MixedBootstrap",
    "MixedModel",
    "MixedModelResult",
    "Moments",
    "PartitionQuality",
    "RandomInterceptFit",
    "RestrictedCubicSpline",
    "RobustInference",
    "ScatterTest",
    "StructuredResult",
    "ThreeStepOutcome",
    "ThreeStepPredictors",
    "adjusted_rand_index",
    "bootstrap_agreement",
    "bootstrap_least_squares",
    "bootstrap_likelihood_ratio",
    "breusch_pagan",
    "class_probabilities",
    "classification_error",
    "compare_assumptions",
    "compare_classes",
    "compare_fits",
    "copy_mean",
    "cross_validated_error",
    "executor_for",
    "f_test",
    "fit_huber",
    "fit_least_squares",
    "fit_random_intercept",
    "is_warm",
    "partition_quality",
    "percentile_interval",
    "person_moments",
    "progress_bar",
    "split_half_agreement",
    "three_step_outcome",
    "three_step_predictors",
    "warm",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"salutogen.models.{_HOME[name]}"), name)
    raise AttributeError(f"module 'salutogen.models' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
