"""Numerical models of longitudinal data; they know no study and can be used alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salutogen.models.compiling.ahead_of_time import warm
    from salutogen.models.compiling.cache import is_warm
    from salutogen.models.convergence import ConvergenceWarning
    from salutogen.models.critical_slowing.person import EarlyWarning, early_warning
    from salutogen.models.dropout.weights import DropoutWeights, dropout_weights
    from salutogen.models.imputation.chained import ChainedImputation
    from salutogen.models.imputation.completed import CompletedSets
    from salutogen.models.imputation.design import neighbouring_predictors
    from salutogen.models.imputation.elsewhere import completed_sets
    from salutogen.models.imputation.pooled import PooledAnalysis
    from salutogen.models.imputation.reference_based.model import ReferenceBasedImputation
    from salutogen.models.imputation.reference_based.result import ReferenceBasedFit
    from salutogen.models.interval_censored.exponential import (
        ExponentialTimes,
        ExponentialTimesFit,
    )
    from salutogen.models.k_means.criteria import PartitionQuality, partition_quality
    from salutogen.models.k_means.imputation import copy_mean
    from salutogen.models.k_means.model import LongitudinalKMeans
    from salutogen.models.k_means.result import KMeansPartition, LongitudinalKMeansResult
    from salutogen.models.mediation.model import mediate
    from salutogen.models.mediation.result import Mediation
    from salutogen.models.mixed.comparison import FitComparison, compare_fits
    from salutogen.models.mixed.inference.bootstrap import MixedBootstrap
    from salutogen.models.mixed.inference.fixed_effects import ContrastTest
    from salutogen.models.mixed.inference.robust_errors import RobustInference
    from salutogen.models.mixed.model import MixedModel
    from salutogen.models.mixed.random_intercept import RandomInterceptFit, fit_random_intercept
    from salutogen.models.mixed.result import MixedModelResult
    from salutogen.models.mixed.structured.residual_structures import (
        ContinuousAR1,
        HeterogeneousVariance,
    )
    from salutogen.models.mixed.structured.result import StructuredResult
    from salutogen.models.mixture.agreement import (
        Agreement,
        adjusted_rand_index,
        bootstrap_agreement,
        split_half_agreement,
    )
    from salutogen.models.mixture.assumptions import AssumptionComparison, compare_assumptions
    from salutogen.models.mixture.class_probabilities import class_probabilities
    from salutogen.models.mixture.class_test.likelihood_ratio import (
        BootstrapLikelihoodRatio,
        bootstrap_likelihood_ratio,
    )
    from salutogen.models.mixture.comparison import ClassComparison, compare_classes
    from salutogen.models.mixture.membership import Membership
    from salutogen.models.mixture.model import GrowthMixture
    from salutogen.models.mixture.result import GrowthMixtureResult
    from salutogen.models.mixture.three_step.assignment import classification_error
    from salutogen.models.mixture.three_step.outcome import ThreeStepOutcome, three_step_outcome
    from salutogen.models.mixture.three_step.predictors import (
        ThreeStepPredictors,
        three_step_predictors,
    )
    from salutogen.models.moments.moments import Moments
    from salutogen.models.networks.comparison import NetworkComparison, compare_networks
    from salutogen.models.networks.graphical_lasso import GraphicalLasso
    from salutogen.models.networks.graphical_lasso_fit import GraphicalLassoFit
    from salutogen.models.networks.multilevel_var import MultilevelVAR
    from salutogen.models.networks.multilevel_var_fit import MultilevelVARFit
    from salutogen.models.networks.person_bootstrap import VARStability
    from salutogen.models.networks.stability import EdgeStability
    from salutogen.models.ordered.one_factor.comparison import (
        OrderedComparison,
        compare_ordered_fits,
    )
    from salutogen.models.ordered.one_factor.fit import OrderedFit
    from salutogen.models.ordered.one_factor.model import OrderedInvariance
    from salutogen.models.ordered.one_factor.result import OrderedInvarianceResult
    from salutogen.models.ordered.polychoric import Polychoric, polychoric
    from salutogen.models.parallel.executors import Interrupted, executor_for, progress_bar
    from salutogen.models.pooling.e_value import EValue, e_value
    from salutogen.models.pooling.estimates import PooledEstimates, pool_estimates
    from salutogen.models.pooling.meta_analysis import MetaAnalysis, meta_analysis
    from salutogen.models.regression.change_on_baseline import ChangeOnBaseline, change_on_baseline
    from salutogen.models.regression.heteroscedasticity import ScatterTest, breusch_pagan
    from salutogen.models.regression.least_squares import (
        FTest,
        Line,
        LinearFit,
        cross_validated_error,
        f_test,
        fit_least_squares,
    )
    from salutogen.models.regression.robust import HuberFit, fit_huber
    from salutogen.models.regression.splines import RestrictedCubicSpline
    from salutogen.models.resampling.bootstrap import (
        bootstrap_least_squares,
        percentile_interval,
        person_moments,
    )
    from salutogen.models.sem.change_scores.model import LatentChangeScores
    from salutogen.models.sem.comparison import StructuralComparison, compare_structural_fits
    from salutogen.models.sem.cross_lagged.model import CrossLaggedPanel
    from salutogen.models.sem.cross_lagged.result import CrossLaggedFit
    from salutogen.models.sem.one_factor.model import MeasurementInvariance
    from salutogen.models.sem.one_factor.result import InvarianceResult
    from salutogen.models.sem.result import StructuralFit
    from salutogen.models.state_space.impulse import ImpulseResponse
    from salutogen.models.state_space.model import ContinuousTime
    from salutogen.models.state_space.result import ContinuousTimeFit
    from salutogen.models.support import Support, SupportWarning, least_squares_support

_HOME = {
    "Agreement": "mixture.agreement",
    "AssumptionComparison": "mixture.assumptions",
    "BootstrapLikelihoodRatio": "mixture.class_test.likelihood_ratio",
    "ChainedImputation": "imputation.chained",
    "ClassComparison": "mixture.comparison",
    "CompletedSets": "imputation.completed",
    "ContinuousAR1": "mixed.structured.residual_structures",
    "ContinuousTime": "state_space.model",
    "ContinuousTimeFit": "state_space.result",
    "ContrastTest": "mixed.inference.fixed_effects",
    "ConvergenceWarning": "convergence",
    "CrossLaggedFit": "sem.cross_lagged.result",
    "CrossLaggedPanel": "sem.cross_lagged.model",
    "DropoutWeights": "dropout.weights",
    "EValue": "pooling.e_value",
    "EdgeStability": "networks.stability",
    "EarlyWarning": "critical_slowing.person",
    "ExponentialTimes": "interval_censored.exponential",
    "ExponentialTimesFit": "interval_censored.exponential",
    "FTest": "regression.least_squares",
    "FitComparison": "mixed.comparison",
    "GraphicalLasso": "networks.graphical_lasso",
    "GraphicalLassoFit": "networks.graphical_lasso_fit",
    "GrowthMixture": "mixture.model",
    "GrowthMixtureResult": "mixture.result",
    "HeterogeneousVariance": "mixed.structured.residual_structures",
    "HuberFit": "regression.robust",
    "ImpulseResponse": "state_space.impulse",
    "Interrupted": "parallel.executors",
    "InvarianceResult": "sem.one_factor.result",
    "KMeansPartition": "k_means.result",
    "LatentChangeScores": "sem.change_scores.model",
    "Line": "regression.least_squares",
    "LinearFit": "regression.least_squares",
    "LongitudinalKMeans": "k_means.model",
    "LongitudinalKMeansResult": "k_means.result",
    "MeasurementInvariance": "sem.one_factor.model",
    "Mediation": "mediation.result",
    "Membership": "mixture.membership",
    "ChangeOnBaseline": "regression.change_on_baseline",
    "MetaAnalysis": "pooling.meta_analysis",
    "MixedBootstrap": "mixed.inference.bootstrap",
    "MixedModel": "mixed.model",
    "MixedModelResult": "mixed.result",
    "Moments": "moments.moments",
    "MultilevelVAR": "networks.multilevel_var",
    "MultilevelVARFit": "networks.multilevel_var_fit",
    "NetworkComparison": "networks.comparison",
    "OrderedComparison": "ordered.one_factor.comparison",
    "OrderedFit": "ordered.one_factor.fit",
    "OrderedInvariance": "ordered.one_factor.model",
    "OrderedInvarianceResult": "ordered.one_factor.result",
    "PartitionQuality": "k_means.criteria",
    "Polychoric": "ordered.polychoric",
    "PooledAnalysis": "imputation.pooled",
    "PooledEstimates": "pooling.estimates",
    "RandomInterceptFit": "mixed.random_intercept",
    "ReferenceBasedFit": "imputation.reference_based.result",
    "ReferenceBasedImputation": "imputation.reference_based.model",
    "RestrictedCubicSpline": "regression.splines",
    "RobustInference": "mixed.inference.robust_errors",
    "ScatterTest": "regression.heteroscedasticity",
    "StructuralComparison": "sem.comparison",
    "StructuralFit": "sem.result",
    "StructuredResult": "mixed.structured.result",
    "Support": "support",
    "SupportWarning": "support",
    "ThreeStepOutcome": "mixture.three_step.outcome",
    "ThreeStepPredictors": "mixture.three_step.predictors",
    "VARStability": "networks.person_bootstrap",
    "adjusted_rand_index": "mixture.agreement",
    "bootstrap_agreement": "mixture.agreement",
    "bootstrap_least_squares": "resampling.bootstrap",
    "bootstrap_likelihood_ratio": "mixture.class_test.likelihood_ratio",
    "breusch_pagan": "regression.heteroscedasticity",
    "class_probabilities": "mixture.class_probabilities",
    "classification_error": "mixture.three_step.assignment",
    "compare_assumptions": "mixture.assumptions",
    "compare_classes": "mixture.comparison",
    "compare_fits": "mixed.comparison",
    "compare_networks": "networks.comparison",
    "compare_ordered_fits": "ordered.one_factor.comparison",
    "compare_structural_fits": "sem.comparison",
    "completed_sets": "imputation.elsewhere",
    "copy_mean": "k_means.imputation",
    "cross_validated_error": "regression.least_squares",
    "dropout_weights": "dropout.weights",
    "early_warning": "critical_slowing.person",
    "e_value": "pooling.e_value",
    "executor_for": "parallel.executors",
    "f_test": "regression.least_squares",
    "fit_huber": "regression.robust",
    "fit_least_squares": "regression.least_squares",
    "fit_random_intercept": "mixed.random_intercept",
    "is_warm": "compiling.cache",
    "least_squares_support": "support",
    "mediate": "mediation.model",
    "change_on_baseline": "regression.change_on_baseline",
    "meta_analysis": "pooling.meta_analysis",
    "neighbouring_predictors": "imputation.design",
    "partition_quality": "k_means.criteria",
    "percentile_interval": "resampling.bootstrap",
    "person_moments": "resampling.bootstrap",
    "polychoric": "ordered.polychoric",
    "pool_estimates": "pooling.estimates",
    "progress_bar": "parallel.executors",
    "split_half_agreement": "mixture.agreement",
    "three_step_outcome": "mixture.three_step.outcome",
    "three_step_predictors": "mixture.three_step.predictors",
    "warm": "compiling.ahead_of_time",
}

__all__ = [
    "Agreement",
    "AssumptionComparison",
    "BootstrapLikelihoodRatio",
    "ChainedImputation",
    "ChangeOnBaseline",
    "ClassComparison",
    "CompletedSets",
    "ContinuousAR1",
    "ContinuousTime",
    "ContinuousTimeFit",
    "ContrastTest",
    "ConvergenceWarning",
    "CrossLaggedFit",
    "CrossLaggedPanel",
    "DropoutWeights",
    "EValue",
    "EarlyWarning",
    "EdgeStability",
    "ExponentialTimes",
    "ExponentialTimesFit",
    "FTest",
    "FitComparison",
    "GraphicalLasso",
    "GraphicalLassoFit",
    "GrowthMixture",
    "GrowthMixtureResult",
    "HeterogeneousVariance",
    "HuberFit",
    "ImpulseResponse",
    "Interrupted",
    "InvarianceResult",
    "KMeansPartition",
    "LatentChangeScores",
    "Line",
    "LinearFit",
    "LongitudinalKMeans",
    "LongitudinalKMeansResult",
    "MeasurementInvariance",
    "Mediation",
    "Membership",
    "MetaAnalysis",
    "MixedBootstrap",
    "MixedModel",
    "MixedModelResult",
    "Moments",
    "MultilevelVAR",
    "MultilevelVARFit",
    "NetworkComparison",
    "OrderedComparison",
    "OrderedFit",
    "OrderedInvariance",
    "OrderedInvarianceResult",
    "PartitionQuality",
    "Polychoric",
    "PooledAnalysis",
    "PooledEstimates",
    "RandomInterceptFit",
    "ReferenceBasedFit",
    "ReferenceBasedImputation",
    "RestrictedCubicSpline",
    "RobustInference",
    "ScatterTest",
    "StructuralComparison",
    "StructuralFit",
    "StructuredResult",
    "Support",
    "SupportWarning",
    "ThreeStepOutcome",
    "ThreeStepPredictors",
    "VARStability",
    "adjusted_rand_index",
    "bootstrap_agreement",
    "bootstrap_least_squares",
    "bootstrap_likelihood_ratio",
    "breusch_pagan",
    "change_on_baseline",
    "class_probabilities",
    "classification_error",
    "compare_assumptions",
    "compare_classes",
    "compare_fits",
    "compare_networks",
    "compare_ordered_fits",
    "compare_structural_fits",
    "completed_sets",
    "copy_mean",
    "cross_validated_error",
    "dropout_weights",
    "e_value",
    "early_warning",
    "executor_for",
    "f_test",
    "fit_huber",
    "fit_least_squares",
    "fit_random_intercept",
    "is_warm",
    "least_squares_support",
    "mediate",
    "meta_analysis",
    "neighbouring_predictors",
    "partition_quality",
    "percentile_interval",
    "person_moments",
    "polychoric",
    "pool_estimates",
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
