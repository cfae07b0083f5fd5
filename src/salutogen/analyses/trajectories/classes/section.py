"""The section on classes: what was tried, which gates hold, and the classes if all do."""

from __future__ import annotations

from collections.abc import Sequence

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.classes import figures as class_figures
from salutogen.analyses.trajectories.classes import tables as class_tables
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.classes.mixtures import AssumptionSet
from salutogen.analyses.trajectories.labels.by_rule import Labels
from salutogen.findings import Finding, Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import percent, say

CODES = ("classes-",)
VERDICTS = ("classes-claimed", "classes-not-claimed")


def class_sections(
    anchors: Anchors,
    assessment: ClassAssessment | None,
    labels: Labels | None,
    of_problems: str,
    findings: Sequence[Finding],
    audience: Audience,
) -> list[Section]:
    """Sections on classes, in reading order.

    `of_problems` says of what scoring the classes are, and what problems do in each.
    """
    told = tuple(item for item in findings if item.code.startswith(CODES))
    if assessment is None:
        return [
            Section(
                title="Trajectories: classes",
                paragraphs=(
                    "No classes are claimed, and none were looked for: the continuous results "
                    "above stand alone.",
                ),
                findings=told,
            )
        ]
    rule = anchors.rule
    verdict = " ".join(item.text for item in told if item.code in VERDICTS)
    sections = [
        Section(
            title="Trajectories: are there classes of courses?",
            paragraphs=_paragraphs(assessment, verdict, anchors.n),
            figures=_drawn(
                class_figures.criteria_figure(assessment, rule),
                class_figures.share_figure(assessment, audience, rule),
            ),
            tables=(_gates(rule, assessment, audience), *_searches(rule, assessment, audience)),
            findings=told,
        )
    ]
    if assessment.passed:
        sections.append(_claimed(anchors, assessment, labels, of_problems, audience))
    return sections


def _drawn(*figures: Figure | None) -> tuple[Figure, ...]:
    """Those figures that there are."""
    return tuple(figure for figure in figures if figure is not None)


def _paragraphs(assessment: ClassAssessment, verdict: str, anchored: int) -> tuple[Text, ...]:
    settings = assessment.settings
    shape = (
        "a mean of its own at each position, since an event makes a jump that no smooth curve "
        "follows"
        if assessment.courses.shape == "positions"
        else "a quadratic course over positions"
    )
    rest = (
        "The continuous results above do not depend on this."
        if not assessment.passed
        else "The continuous results above do not depend on them."
    )
    largest = [max(each.fits, default=1) for each in assessment.sets]
    claimable = "latent-class-growth" in settings.models
    return (
        f"{verdict} {rest}",
        say(
            f"Growth mixtures with {numbers_of_classes(largest, settings.max)} were fitted to the "
            "SR of {n} persons by maximum likelihood, missing positions allowed. "
            f"Each class has {shape}. {_tried(assessment.sets)} A set's "
            "enumeration ends where two more classes in a row bring no lower BIC.",
            n=Persons(assessment.rows.size, of=anchored),
        ),
        "Latent class growth and k-means assume that persons within a class do not differ, so "
        "they split any spread of levels into classes (level dominates shape). "
        + (
            "The plan lets latent class growth carry a claim; k-means is shown for comparison."
            if claimable
            else "They are shown for comparison and carry no claim."
        ),
    )


def numbers_of_classes(largest: Sequence[int], most: int) -> str:
    """Say which numbers of classes were fitted, where the search may end early.

    Parameters
    ----------
    largest : sequence of int
        The most classes that were fitted, under each set of assumptions.
    most : int
        The most that were to be tried.
    """
    low, high = min(largest, default=most), max(largest, default=most)
    if low == most:
        return f"1 to {most} classes"
    reached = f"1 to {low}" if low == high else f"1 to {low} or up to {high}"
    return f"{reached} classes (up to {most}, ended where two more brought no lower BIC)"


_WITHIN = {
    "latent-class-growth": "not at all",
    "random-intercept": "by a random intercept",
    "random-intercept-and-slope": "by a random intercept and slope",
    "random-intercept-and-jump": "by a random intercept and a jump whose course all share",
    "unstructured": "by any covariance of positions",
}


def _tried(found: Sequence[AssumptionSet]) -> str:
    """The sets of assumptions on which a claim may rest."""
    *some, last = [_WITHIN[model] for model in dict.fromkeys(each.model for each in found)]
    within = f"{', '.join(some)} or {last}" if some else last
    variances = " or ".join(dict.fromkeys(each.variances for each in found))
    n = len(found)
    sets = "one set" if n == 1 else f"{n} sets"
    return (
        f"Within a class persons differ {within}, with variances {variances} over classes: "
        f"{sets} of assumptions on which a claim may rest."
        + (
            " An unstructured covariance is the same in all classes."
            if any(each.model == "unstructured" for each in found) and n > 1
            else ""
        )
    )


def _not_reached(assessment: ClassAssessment) -> str:
    """Why gates are not reached; nothing where all were."""
    reached = [gate.reached for gate in assessment.gates]
    if all(reached):
        return ""
    if sum(reached) <= 1:
        return "Where one class is chosen there is nothing for further gates to judge. "
    return "Gates that cost many fits are not reached once another has failed. "


def _gates(rule: str, assessment: ClassAssessment, audience: Audience) -> Table:
    return Table(
        name=f"trajectories-{rule}-gates",
        title="Gates: classes are claimed only where every one holds",
        frame=class_tables.gate_table(assessment, audience),
        columns=class_tables.GATE_COLUMNS,
        note=f"{_not_reached(assessment)}Agreement is the adjusted Rand index: 1 = the same "
        "classes, 0 = chance.",
    )


def _searches(rule: str, assessment: ClassAssessment, audience: Audience) -> tuple[Table, ...]:
    note = "" if audience.individuals else " Shares of under 5 persons are not told."
    return (
        Table(
            name=f"trajectories-{rule}-assumptions",
            title="What each set of assumptions alone would say",
            frame=class_tables.assumption_table(assessment, audience),
            columns=class_tables.ASSUMPTION_COLUMNS,
            note="Differences are counted from the lowest BIC, at any number of classes, among the "
            "sets on which a claim may rest. The set that has it is called the best, also where it "
            "is not at the number of classes chosen in it. A negative difference is of a set that "
            f"carries no claim. Sets within {assessment.settings.gates.near:g} of BIC of the "
            "best, each at its own number of classes, must agree with it." + note,
        ),
        Table(
            name=f"trajectories-{rule}-k-means",
            title="K-means, for description only",
            frame=class_tables.k_means_table(assessment),
            columns=class_tables.K_MEANS_COLUMNS,
            note=f"{class_tables.k_means_shares(assessment, audience)} Criteria need not agree."
            + note,
        ),
    )


def _claimed(
    anchors: Anchors,
    assessment: ClassAssessment,
    labels: Labels | None,
    of_problems: str,
    audience: Audience,
) -> Section:
    rule, fit = anchors.rule, assessment.fit
    sure = float(fit.posterior.max(axis=1).mean())
    tables = [
        Table(
            name=f"trajectories-{rule}-classes",
            title="Classes",
            frame=class_tables.certainty_table(assessment, audience),
            columns=class_tables.CLASS_COLUMNS,
        )
    ]
    if labels is not None and labels.n:
        tables.append(class_tables.rule_table(rule, assessment, labels, audience))
    return Section(
        title=f"Trajectories: {fit.n_classes} classes of courses",
        paragraphs=(
            f"Under {assessment.chosen.words}, {fit.n_classes} classes describe the courses; "
            f"a person's most probable class has a probability of {percent(sure)} on average. "
            "Classes are counted by falling share.",
            of_problems,
            "Classes summarise courses in these data under this model. Whether they are kinds of "
            "people is for other data to show.",
        ),
        figures=_drawn(
            class_figures.course_figure(assessment, anchors, audience),
            class_figures.certainty_figure(assessment, audience, rule),
        ),
        tables=tuple(tables),
    )
