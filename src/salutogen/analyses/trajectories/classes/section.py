"""The section on classes: what was tried, which gates hold, and the classes if all do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.trajectories.classes import figures as class_figures
from salutogen.analyses.trajectories.classes import tables as class_tables
from salutogen.analyses.trajectories.classes.tables import GATE_WORDS, set_name
from salutogen.analyses.trajectories.tables import SMALL_NOTE
from salutogen.page.section import Section, Table
from salutogen.page.words import enumeration, percent

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories
    from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
    from salutogen.analyses.trajectories.classes.settings import ClassSettings

CODES = ("classes-",)
POINTS = "points of P"


def class_sections(result: Trajectories) -> list[Section]:
    """Sections on classes, in reading order."""
    found = tuple(item for item in result.findings if item.code.startswith(CODES))
    assessment = result.classes
    if assessment is None:
        return [
            Section(
                title="Trajectories: classes",
                paragraphs=(
                    "No classes are claimed, and none were looked for: the continuous results "
                    "above stand alone.",
                ),
                findings=found,
            )
        ]
    sections = [
        Section(
            title="Trajectories: are there classes of courses?",
            paragraphs=_paragraphs(result, assessment),
            figures=(
                class_figures.criteria_figure(assessment, result.audience, result.anchors.rule),
                class_figures.share_figure(assessment, result.audience, result.anchors.rule),
            ),
            tables=(_gates(result, assessment), *_searches(result, assessment)),
            findings=found,
        )
    ]
    if assessment.passed:
        sections.append(_claimed(result, assessment))
    return sections


def verdict_words(assessment: ClassAssessment) -> str:
    """One sentence: claimed, or which gates fail."""
    k = assessment.n_classes
    if assessment.passed:
        return f"{k} classes pass every gate and are claimed."
    if k == 1:
        return (
            "No classes are claimed: by BIC one class describes the courses best "
            f"({set_name(assessment.chosen)})."
        )
    fails = [GATE_WORDS[gate.name] for gate in assessment.gates if gate.reached and not gate.passed]
    return (
        f"No classes are claimed: BIC would choose {k} ({set_name(assessment.chosen)}), but "
        f"{'one gate fails' if len(fails) == 1 else f'{len(fails)} gates fail'}: "
        f"{enumeration(fails)}."
    )


def _paragraphs(result: Trajectories, assessment: ClassAssessment) -> tuple[str, ...]:
    settings = assessment.settings
    shape = (
        "a mean of its own at each position, since an event makes a jump that no smooth curve "
        "follows"
        if assessment.courses.shape == "positions"
        else "a quadratic course over positions"
    )
    rest = (
        "The continuous results above stand."
        if not assessment.passed
        else "The continuous results above stand beside them."
    )
    claimable = "latent-class-growth" in settings.models
    return (
        f"{verdict_words(assessment)} {rest}",
        f"Growth mixtures with 1 to {settings.max} classes were fitted to the SR of "
        f"{result.audience.count(int(assessment.rows.size))} persons by maximum likelihood, "
        f"missing positions allowed. Each class has {shape}. {_tried(settings)} A set's "
        "enumeration ends where two more classes in a row bring no lower BIC.",
        "Latent class growth and k-means assume that persons within a class do not differ, so "
        "they split any spread of levels into classes (level dominates shape). "
        + (
            "The plan lets latent class growth carry a claim; k-means is shown for comparison."
            if claimable
            else "They are shown for comparison and carry no claim."
        ),
    )


_WITHIN = {
    "latent-class-growth": "not at all",
    "random-intercept": "by a random intercept",
    "random-intercept-and-slope": "by a random intercept and slope",
}


def _tried(settings: ClassSettings) -> str:
    """The sets of assumptions on which a claim may rest."""
    within = " or ".join(_WITHIN[model] for model in dict.fromkeys(settings.models))
    variances = " or ".join(dict.fromkeys(settings.variances))
    n = len(set(settings.models)) * len(set(settings.variances))
    sets = "one set" if n == 1 else f"{n} sets"
    return (
        f"Within a class persons differ {within}, with variances {variances} over classes: "
        f"{sets} of assumptions on which a claim may rest."
    )


def _gates(result: Trajectories, assessment: ClassAssessment) -> Table:
    return Table(
        name=f"trajectories-{result.anchors.rule}-gates",
        title="Gates: classes are claimed only where every one holds",
        frame=class_tables.gate_table(assessment, result.audience),
        labels={
            "gate": "Gate",
            "value": "Found",
            "asked": "Asked for",
            "outcome": "Outcome",
        },
        note="Gates that cost many fits are not reached once another has failed. Agreement is "
        "the adjusted Rand index: 1 = the same classes, 0 = chance.",
    )


def _searches(result: Trajectories, assessment: ClassAssessment) -> tuple[Table, ...]:
    rule, audience = result.anchors.rule, result.audience
    note = "" if audience.individuals else " Shares of under 5 persons are not told."
    return (
        Table(
            name=f"trajectories-{rule}-assumptions",
            title="What each set of assumptions alone would say",
            frame=class_tables.assumption_table(assessment, audience),
            labels={
                "random": "Random effects",
                "variances": "Variances",
                "classes": "Classes by BIC",
                "shares": "Shares",
                "above_lowest": "BIC above the best",
                "entropy": "Entropy",
                "agreement": "Agreement with the best",
            },
            note="Sets within "
            f"{assessment.settings.gates.near:g} of BIC of the best must agree with it." + note,
        ),
        Table(
            name=f"trajectories-{rule}-k-means",
            title="K-means, for description only",
            frame=class_tables.k_means_table(assessment),
            labels={"criterion": "Criterion (larger is better)", "chooses": "Chooses"},
            note=f"{class_tables.k_means_shares(assessment, audience)} Criteria need not agree."
            + note,
        ),
    )


def _claimed(result: Trajectories, assessment: ClassAssessment) -> Section:
    rule, audience, fit = result.anchors.rule, result.audience, assessment.fit
    sure = float(fit.posterior.max(axis=1).mean())
    tables = [
        Table(
            name=f"trajectories-{rule}-classes",
            title="Classes",
            frame=class_tables.certainty_table(assessment),
            labels={
                "class": "Class",
                "share": "Share",
                "n": "Persons most probably in it",
                "probability": "Mean probability of their class",
            },
            units={"n": "persons"},
        )
    ]
    if result.labels is not None and result.labels.codes.size:
        tables.append(
            Table(
                name=f"trajectories-{rule}-rules-by-classes",
                title="Labels by rule against classes",
                frame=class_tables.rule_table(assessment, result.labels, audience),
                labels={"label": "Label by rule"},
                units={f"class {k + 1}": "persons" for k in range(fit.n_classes)},
                note="Complete courses. " + ("" if audience.individuals else SMALL_NOTE),
            )
        )
    return Section(
        title=f"Trajectories: {fit.n_classes} classes of courses",
        paragraphs=(
            f"Under {set_name(assessment.chosen)}, {fit.n_classes} classes describe the courses; "
            f"a person's most probable class has a probability of {percent(sure)} on average. "
            "Classes are counted by falling share.",
            "Classes summarise courses in these data under this model. Whether they are kinds of "
            "people is for other data to show.",
        ),
        figures=(
            class_figures.course_figure(assessment, audience, result.anchors.person, rule),
            class_figures.certainty_figure(assessment, audience, rule),
        ),
        tables=tuple(tables),
    )
