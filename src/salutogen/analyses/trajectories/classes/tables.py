"""Classes of courses as tables: gates, criteria, assumptions, k-means, rules, persons."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import ResultFile
from salutogen.analyses.trajectories.anchors.anchored import SUBJECT
from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.classes.gates import smallest_size
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.labels.by_rule import Labels
from salutogen.analyses.trajectories.labels.rule import LABELS, SHOWN
from salutogen.columns import POINTS, Column, Kind
from salutogen.findings import Persons
from salutogen.models import LongitudinalKMeansResult, adjusted_rand_index
from salutogen.page.audience import Audience
from salutogen.page.section import Table
from salutogen.page.small_counts import hide_small
from salutogen.page.words import Share, number, percent, points

NARROW = "\u00a0"  # no line break between a number and its sign
CRITERIA = ("aic", "bic", "sabic", "icl")
GATE_WORDS = {
    "bic": "BIC lower than with one class fewer by",
    "entropy": "Entropy (certainty of classification)",
    "smallest-share": "Share of the smallest class",
    "smallest-persons": "Persons in the smallest class",
    "starts-at-best": "Starts that reached the best solution",
    "assumptions": "Agreement between sets of assumptions near the best",
    "blrt": "Bootstrap likelihood-ratio test, p",
    "split-half": "Agreement between models of two halves, median",
    "bootstrap": "Agreement with models of resampled persons, median",
}
K_MEANS_CRITERIA = {
    "calinski_harabasz": "Caliński–Harabasz",
    "calinski_harabasz_2": "Caliński–Harabasz, Kryszczuk's version",
    "calinski_harabasz_3": "Caliński–Harabasz, Genolini's version",
    "ray_turi": "Ray–Turi",
    "davies_bouldin": "Davies–Bouldin",
    "bic": "BIC",
    "aic": "AIC",
}
MODEL_WORDS = {
    "latent-class-growth": "none (latent class growth)",
    "random-intercept": "intercept",
    "random-intercept-and-slope": "intercept and slope",
    "random-intercept-and-jump": "intercept and jump",
    "unstructured": "unstructured",
}


GATE_COLUMNS = (
    Column(name="gate", meaning="Gate", kind=Kind.LABEL, heading="Gate"),
    Column(name="value", meaning="What was found", kind=Kind.LABEL, heading="Found"),
    Column(name="asked", meaning="What is asked for", kind=Kind.LABEL, heading="Asked for"),
    Column(name="outcome", meaning="Whether it holds", kind=Kind.LABEL, heading="Outcome"),
)
ASSUMPTION_COLUMNS = (
    Column(name="random", meaning="Random effects", kind=Kind.LABEL, heading="Random effects"),
    Column(name="variances", meaning="Variances", kind=Kind.LABEL, heading="Variances"),
    Column(name="classes", meaning="Number of classes", heading="Classes by BIC"),
    Column(name="shares", meaning="Shares of the classes", kind=Kind.SHARE, heading="Shares"),
    Column(
        name="above_lowest",
        meaning="BIC above the lowest, at any number of classes, of the sets on which a claim may "
        "rest",
        heading="BIC above the lowest",
    ),
    Column(name="entropy", meaning="Relative entropy", heading="Entropy"),
    Column(
        name="agreement",
        meaning="Adjusted Rand index with the best set",
        heading="Agreement with the best",
    ),
)
K_MEANS_COLUMNS = (
    Column(
        name="criterion",
        meaning="Criterion",
        kind=Kind.LABEL,
        heading="Criterion (larger is better)",
    ),
    Column(name="<k> classes", meaning="Its value with so many classes"),
    Column(
        name="chooses",
        meaning="Number of classes it would choose",
        kind=Kind.LABEL,
        heading="Chooses",
    ),
)
CLASS_COLUMNS = (
    Column(name="class", meaning="Class, by falling share", kind=Kind.LABEL, heading="Class"),
    # As it may be told already, and with the counts of its row.
    Column(name="share", meaning="Share of the class", kind=Kind.TELLING, heading="Share"),
    Column(
        name="n",
        meaning="Persons most probably in it",
        unit="persons",
        kind=Kind.COUNT,
        heading="Persons most probably in it",
        adds_up=1,
    ),
    Column(
        name="probability",
        meaning="Mean probability of their class",
        heading="Mean probability of their class",
    ),
)
RULE_COLUMNS = (
    Column(name="label", meaning="Label by rule", kind=Kind.LABEL, heading="Label by rule"),
    Column(
        name="class <k>", meaning="Persons most probably in it", unit="persons", kind=Kind.COUNT
    ),
)
COURSE_COLUMNS = (
    Column(name="class", meaning="Class, by falling share", kind=Kind.LABEL),
    Column(name="position", meaning="Place around the event", kind=Kind.LABEL),
    Column(name="mean", meaning="Mean SR", unit=POINTS),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS),
)
FILE_COLUMNS = (
    SUBJECT,
    Column(
        name="class",
        meaning="Most probable class, counted by falling share",
        unit="number",
        kind=Kind.PERSON,
    ),
    Column(
        name="probability", meaning="Probability of that class", unit="0 to 1", kind=Kind.PERSON
    ),
)
SIZE_COLUMNS = (
    Column(name="share", meaning="Share of the class", kind=Kind.SHARE),
    Column(name="n", meaning="Persons it stands for", kind=Kind.COUNT, adds_up=1),
)


def gate_table(assessment: ClassAssessment, audience: Audience) -> pl.DataFrame:
    """Every gate with what was found, what is asked and the outcome in words."""
    rows, few = [], audience.is_small(smallest_size(assessment.fit))
    for gate in assessment.gates:
        value = None if few and gate.name.startswith("smallest") else _told(gate.value, audience)
        asked = "below" if gate.name == "blrt" else "at least"
        outcome = "holds" if gate.passed else "fails" if gate.reached else "not reached"
        if gate.passed and gate.value is None:
            outcome = "not tested: no other set is near the best"
        rows.append(
            {
                "gate": GATE_WORDS[gate.name],
                "value": _found_words(gate.name, value),
                "asked": f"{asked} {gate.threshold:g}",
                "outcome": outcome,
            }
        )
    kinds = {"gate": pl.String, "value": pl.String, "asked": pl.String, "outcome": pl.String}
    return pl.DataFrame(rows, schema=kinds)


def _told(value: int | float | None, audience: Audience) -> float | None:
    """What a gate found; of shares and numbers of persons what may be told."""
    if isinstance(value, Share):
        return audience.told_share(value, value.of)
    return audience.told(int(value)) if isinstance(value, Persons) else value


def _found_words(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name in ("smallest-persons", "starts-at-best"):
        return f"{value:,.0f}"
    return points(value, 1) if name == "bic" else number(value, 3 if value >= 0.1 else 2)


def criteria_rows(assessment: ClassAssessment) -> pl.DataFrame:
    """Criteria of each claimable set by number of classes; smaller is better.

    `above` is BIC above the lowest of all.
    """
    lowest = assessment.chosen.lowest
    rows: list[dict[str, Any]] = [
        {
            "assumptions": found.words,
            "classes": k,
            "above": found.bic(k) - lowest,
            **{name: getattr(fit, name) for name in CRITERIA},
            "bic": found.bic(k),
            "entropy": fit.entropy if k > 1 else None,
        }
        for found in assessment.sets
        for k, fit in sorted(found.fits.items())
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def shown_shares(shares: FloatArray, n: int, audience: Audience) -> list[float | None]:
    """Shares of classes, None where they stand for too few persons, and one more then."""
    counts = [max(1, round(float(share) * n)) for share in shares]
    sizes = pl.DataFrame({"share": shares.tolist(), "n": counts})
    table = Table(name="sizes", title="", frame=sizes, columns=SIZE_COLUMNS)
    return [
        None if share is None else audience.told_share(share, n)
        for share in hide_small(table, audience).frame["share"]
    ]


def share_words(shares: list[float | None]) -> str:
    """Shares in one cell."""
    return " / ".join(
        "few" if share is None else percent(share).replace(" ", NARROW) for share in shares
    )


def assumption_table(assessment: ClassAssessment, audience: Audience) -> pl.DataFrame:
    """Each set of assumptions with the classes and shares that it alone would give."""
    own, n = assessment.labels(), int(assessment.rows.size)
    margin = assessment.settings.gates.bic
    lowest = assessment.chosen.lowest
    rows = []
    for found in assessment.shown:
        k = found.number(margin)
        fit = found.fits[k]
        shares = shown_shares(fit.shares, n, audience)
        rows.append(
            {
                "random": MODEL_WORDS[found.model],
                "variances": found.variances,
                "classes": k,
                "shares": share_words(shares),
                "above_lowest": found.bic(k) - lowest,
                "entropy": fit.entropy if k > 1 else None,
                "agreement": adjusted_rand_index(np.argmax(fit.posterior, axis=1), own),
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def k_means_table(assessment: ClassAssessment) -> pl.DataFrame:
    """Criteria of k-means (rows) by number of classes, and the number that each would choose."""
    found = assessment.k_means
    return pl.DataFrame(
        [
            {
                "criterion": words,
                **{f"{k} classes": part.criteria[name] for k, part in found.partitions.items()},
                "chooses": str(found.best_by(name)) if known_anywhere(found, name) else None,
            }
            for name, words in K_MEANS_CRITERIA.items()
        ],
        infer_schema_length=None,
        schema_overrides={"chooses": pl.String},
    )


def known_anywhere(found: LongitudinalKMeansResult, name: str) -> bool:
    """Whether a criterion has a value for any number of classes."""
    return any(np.isfinite(part.criteria[name]) for part in found.partitions.values())


def k_means_shares(assessment: ClassAssessment, audience: Audience) -> str:
    """Shares of the classes of k-means in words, by number of classes."""
    found = assessment.k_means
    parts = [
        f"{k} classes {share_words(shown_shares(part.shares, found.n_persons, audience))}"
        for k, part in found.partitions.items()
    ]
    return f"Shares: {'; '.join(parts)}."


def course_table(assessment: ClassAssessment) -> pl.DataFrame:
    """Mean SR of each class at each position with its 95 % interval."""
    courses = assessment.fit.courses(assessment.courses.grid())
    names = assessment.courses.positions
    return courses.select(
        pl.col("class").cast(pl.Int64),
        pl.Series("position", [names[row] for row in courses["row"]]),
        "mean",
        pl.col("lower").alias("low"),
        pl.col("upper").alias("high"),
    )


def certainty_table(assessment: ClassAssessment, audience: Audience) -> pl.DataFrame:
    """Each class: share, persons most probably in it, and how certain that is on average."""
    fit, labels = assessment.fit, assessment.labels()
    sure = fit.posterior.max(axis=1)
    return pl.DataFrame(
        {
            "class": list(range(1, fit.n_classes + 1)),
            "share": [audience.told_share(share, labels.size) for share in fit.shares.tolist()],
            "n": np.bincount(labels, minlength=fit.n_classes).tolist(),
            "probability": [float(sure[labels == k].mean()) for k in range(fit.n_classes)],
        }
    )


def rule_table(rule: str, assessment: ClassAssessment, labels: Labels, audience: Audience) -> Table:
    """Persons by label (rows) and class (columns), among those with both."""
    by_row = dict(zip(assessment.rows.tolist(), assessment.labels().tolist(), strict=True))
    counts = np.zeros((len(LABELS), assessment.n_classes), dtype=np.int64)
    for row, code in zip(labels.rows.tolist(), labels.codes.tolist(), strict=True):
        counts[code, by_row[row]] += 1
    kept = np.flatnonzero(counts.sum(axis=1))
    shown = shown_grid(counts[kept], audience.smallest)
    columns = {f"class {k + 1}": [line[k] for line in shown] for k in range(counts.shape[1])}
    frame = pl.DataFrame(
        {"label": [SHOWN[LABELS[place]] for place in kept], **columns},
        schema_overrides=dict.fromkeys(columns, pl.Int64),
    )
    return Table(
        name=f"trajectories-{rule}-rules-by-classes",
        title="Labels by rule against classes",
        frame=frame,
        columns=RULE_COLUMNS,
        note=note_of("Complete courses.", frame, RULE_COLUMNS),
    )


def shown_grid(counts: NDArray[np.int64], smallest: int) -> list[list[int | None]]:
    """Counts whose row and column totals are known: small ones are hidden, with company.

    Where a row or column would hide one count alone, its smallest other one goes too, so that no
    hidden count follows from a total.
    """
    hidden = (counts > 0) & (counts < smallest)
    again = bool(hidden.any())
    while again:
        again = False
        for axis in (0, 1):
            for line in np.flatnonzero(hidden.sum(axis=axis) == 1):
                places = (np.arange(counts.shape[axis]), np.full(counts.shape[axis], line))
                where = places if axis == 0 else places[::-1]
                open_ = np.flatnonzero(~hidden[where])
                if open_.size:
                    values = counts[where][open_]
                    # A zero is hidden only where nothing else is left.
                    order = np.lexsort((values, values == 0))
                    at = open_[order[0]]
                    hidden[where[0][at], where[1][at]] = True
                    again = True
    return [
        [None if gone else int(n) for n, gone in zip(line, gaps, strict=True)]
        for line, gaps in zip(counts, hidden, strict=True)
    ]


def member_file(assessment: ClassAssessment, subjects: list[str]) -> ResultFile:
    """`classes.csv`: subject, class, probability, then the probability of each class.

    Parameters
    ----------
    assessment : ClassAssessment
    subjects : list of str
        By row of the matrix.
    """
    posterior = assessment.fit.posterior
    numbers = range(1, posterior.shape[1] + 1)
    table = pl.DataFrame(
        {
            "subject": [subjects[row] for row in assessment.rows],
            "class": assessment.labels() + 1,
            "probability": posterior.max(axis=1),
            **{f"probability_{k}": posterior[:, k - 1] for k in numbers},
        }
    )
    of_each = (
        Column(
            name=f"probability_{k}",
            meaning=f"Probability of class {k}",
            unit="0 to 1",
            kind=Kind.PERSON,
        )
        for k in numbers
    )
    return ResultFile(table=table, columns=(*FILE_COLUMNS, *of_each))
