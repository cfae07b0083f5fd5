"""Classes in `results.json`: the claim, the gates, and what was tried."""

from __future__ import annotations

from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.classes.gates import Gate
from salutogen.analyses.trajectories.classes.mixtures import AssumptionSet
from salutogen.analyses.trajectories.classes.problems import ProblemsOfClasses
from salutogen.analyses.trajectories.classes.settings import CourseModel, Variances
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, figure, record
from salutogen.models import LongitudinalKMeansResult


@record
class ClaimedClasses(Record):
    """Classes that passed every gate."""

    n: int = figure("Number of classes")
    shares: list[float] = figure("Shares, largest first", kind=Kind.SHARE, n="n_persons")
    model: str = figure("Formula and variances of the model")
    n_persons: int = figure("Persons in the model", kind=Kind.COUNT)
    mean: list[list[float]] = figure(
        "Mean course of each class, by position", unit=POINTS, sign=LESS_RESILIENT
    )
    entropy: float = figure("Relative entropy")
    mean_P: list[dict[str, float | None]] = figure(
        "Mean problems of the persons most probably in each class, by position, of courses without "
        "a gap; null of too few",
        unit=POINTS,
    )


@record
class ChosenAssumptions(Record):
    """The set of assumptions with the lowest BIC."""

    model: CourseModel = figure("Random effects")
    variances: Variances = figure("Variances: equal over classes, or free")
    classes: int = figure("Number of classes by BIC")


@record
class TriedAssumptions(Record):
    """What one set of assumptions alone would say."""

    model: CourseModel = figure("Random effects")
    variances: Variances = figure("Variances: equal over classes, or free")
    may_be_claimed: bool = figure("Whether a claim may rest on it")
    classes: int = figure("Number of classes by BIC")
    bic: float = figure("BIC")
    entropy: float = figure("Relative entropy")
    shares: list[float] = figure("Shares, largest first", kind=Kind.SHARE, n="n_persons")
    bic_by_classes: dict[str, float] = figure("BIC by number of classes")


@record
class KMeansSummary(Record):
    """Longitudinal k-means: for description, without any claim."""

    best: int = figure("Number of classes that its criterion chooses")
    shares: list[float] = figure("Shares of these classes", kind=Kind.SHARE, n="n_persons")
    criteria: dict[str, dict[str, float]] = figure("Criteria by number of classes")


@record
class ClassSearch(Record):
    """What was tried to find classes."""

    n_persons: int = figure("Persons in the models", kind=Kind.COUNT)
    chosen: ChosenAssumptions = figure("The best set of assumptions")
    skewed_or_heaped: bool = figure("Whether SR is skewed, or heaped at an end of its scale")
    assumptions: list[TriedAssumptions] = figure("Each set of assumptions")
    k_means: KMeansSummary = figure("K-means beside them")


@record
class ClassFigures(Record):
    """Classes, gates and search."""

    classes: ClaimedClasses | None = figure("Classes; null unless every gate holds")
    gates: tuple[Gate, ...] = figure("Gates, in the order of their cost")
    gates_passed: bool = figure("Whether every gate holds")
    class_search: ClassSearch | None = figure("What was tried; null where nothing was")


NOT_ASSESSED = ClassFigures(classes=None, gates=(), gates_passed=False, class_search=None)


def class_figures(
    assessment: ClassAssessment | None, problems: ProblemsOfClasses = ()
) -> ClassFigures:
    """Say what was found as plain data; `problems` are the means of P of each class."""
    if assessment is None:
        return NOT_ASSESSED
    return ClassFigures(
        classes=_claimed(assessment, problems) if assessment.passed else None,
        gates=assessment.gates,
        gates_passed=assessment.passed,
        class_search=ClassSearch(
            n_persons=int(assessment.rows.size),
            chosen=ChosenAssumptions(
                model=assessment.chosen.model,
                variances=assessment.chosen.variances,
                classes=assessment.n_classes,
            ),
            skewed_or_heaped=assessment.heaped,
            assumptions=[_tried(assessment, found) for found in assessment.shown],
            k_means=_k_means(assessment.k_means),
        ),
    )


def _claimed(assessment: ClassAssessment, problems: ProblemsOfClasses) -> ClaimedClasses:
    fit = assessment.fit
    return ClaimedClasses(
        n=fit.n_classes,
        shares=fit.shares.tolist(),
        model=f"{fit.spec.formula}, {assessment.chosen.variances} variances",
        n_persons=int(assessment.rows.size),
        mean=assessment.class_means().tolist(),
        entropy=fit.entropy,
        mean_P=list(problems),
    )


def _tried(assessment: ClassAssessment, found: AssumptionSet) -> TriedAssumptions:
    k = found.number(assessment.settings.gates.bic)
    fit = found.fits[k]
    return TriedAssumptions(
        model=found.model,
        variances=found.variances,
        may_be_claimed=found.model in assessment.settings.models,
        classes=k,
        bic=found.bic(k),
        entropy=fit.entropy,
        shares=fit.shares.tolist(),
        bic_by_classes={str(number): found.bic(number) for number in found.fits},
    )


def _k_means(found: LongitudinalKMeansResult) -> KMeansSummary:
    return KMeansSummary(
        best=found.best,
        shares=found.partitions[found.best].shares.tolist(),
        criteria={str(k): dict(values) for k, values in found.criteria.items()},
    )
