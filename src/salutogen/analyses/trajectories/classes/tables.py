"""Classes of courses as tables: gates, criteria, assumptions, k-means, rules, persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.classes.gates import smallest_size
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.labels.labels import LABELS, Labels
from salutogen.analyses.trajectories.tables import shown_count, shown_counts
from salutogen.models import LongitudinalKMeansResult, adjusted_rand_index
from salutogen.page.audience import Audience
from salutogen.page.words import number, percent, points

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.classes.models import AssumptionSet

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
}


def set_name(found: AssumptionSet) -> str:
    """A set of assumptions in words."""
    effects = {
        "latent-class-growth": "no random effects",
        "random-intercept": "random intercept",
        "random-intercept-and-slope": "random intercept and slope",
    }[found.model]
    return f"{effects}, {found.variances} variances"


def gate_table(assessment: ClassAssessment, audience: Audience) -> pl.DataFrame:
    """Every gate with what was found, what is asked and the outcome in words."""
    rows, few = [], smallest_size(assessment.fit) < audience.smallest
    for gate in assessment.gates:
        value = None if few and gate.name.startswith("smallest") else gate.value
        asked = "below" if gate.name == "blrt" else "at least"
        outcome = "holds" if gate.passed else "fails" if gate.reached else "not reached"
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


def _found_words(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name in ("smallest-persons", "starts-at-best"):
        return f"{value:,.0f}"
    return points(value, 1) if name == "bic" else number(value, 3 if value >= 0.1 else 2)


def criteria_rows(assessment: ClassAssessment, audience: Audience) -> pl.DataFrame:
    """One row per set of assumptions and number of classes: all criteria, smaller is better."""
    rows: list[dict[str, Any]] = []
    for found in assessment.shown:
        for k, fit in sorted(found.fits.items()):
            rows.append(
                {
                    "assumptions": set_name(found),
                    "classes": k,
                    "log_likelihood": fit.log_likelihood,
                    "n_parameters": fit.n_parameters,
                    **{name: getattr(fit, name) for name in CRITERIA},
                    "entropy": fit.entropy if k > 1 else None,
                    "smallest": shown_count(smallest_size(fit), audience.smallest),
                    "starts_at_best": fit.starts_at_best if k > 1 else None,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def shown_shares(shares: FloatArray, n: int, smallest: int) -> list[float | None]:
    """Shares of classes, None where they stand for too few persons, and one more then."""
    counts = [max(1, round(float(share) * n)) for share in shares]
    shown = shown_counts(counts, smallest)
    return [
        None if count is None else float(share) for share, count in zip(shares, shown, strict=True)
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
        shares = shown_shares(fit.shares, n, audience.smallest)
        rows.append(
            {
                "random": MODEL_WORDS[found.model],
                "variances": found.variances,
                "classes": k,
                "shares": share_words(shares),
                "above_lowest": fit.bic - lowest,
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
        f"{k} classes {share_words(shown_shares(part.shares, found.n_persons, audience.smallest))}"
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


def certainty_table(assessment: ClassAssessment) -> pl.DataFrame:
    """Each class: share, persons most probably in it, and how certain that is on average."""
    fit, labels = assessment.fit, assessment.labels()
    sure = fit.posterior.max(axis=1)
    return pl.DataFrame(
        {
            "class": list(range(1, fit.n_classes + 1)),
            "share": fit.shares.tolist(),
            "n": np.bincount(labels, minlength=fit.n_classes).tolist(),
            "probability": [float(sure[labels == k].mean()) for k in range(fit.n_classes)],
        }
    )


def rule_table(assessment: ClassAssessment, labels: Labels, audience: Audience) -> pl.DataFrame:
    """Persons by label (rows) and class (columns), among those with both."""
    by_row = dict(zip(assessment.rows.tolist(), assessment.labels().tolist(), strict=True))
    counts = np.zeros((len(LABELS), assessment.n_classes), dtype=np.int64)
    for row, code in zip(labels.rows.tolist(), labels.codes.tolist(), strict=True):
        counts[code, by_row[row]] += 1
    kept = np.flatnonzero(counts.sum(axis=1))
    shown = shown_grid(counts[kept], audience.smallest)
    return pl.DataFrame(
        {
            "label": [LABELS[place] for place in kept],
            **{f"class {k + 1}": [line[k] for line in shown] for k in range(counts.shape[1])},
        },
        schema_overrides={f"class {k + 1}": pl.Int64 for k in range(counts.shape[1])},
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


def member_table(assessment: ClassAssessment, subjects: list[str]) -> pl.DataFrame:
    """`classes.csv`: subject, class, probability, then the probability of each class.

    Parameters
    ----------
    assessment : ClassAssessment
    subjects : list of str
        By row of the matrix.
    """
    posterior = assessment.fit.posterior
    return pl.DataFrame(
        {
            "subject": [subjects[row] for row in assessment.rows],
            "class": assessment.labels() + 1,
            "probability": posterior.max(axis=1),
            **{f"probability_{k + 1}": posterior[:, k] for k in range(posterior.shape[1])},
        }
    )


def member_columns(n_classes: int) -> tuple[tuple[str, str, str], ...]:
    """Name, unit and meaning of the columns of `classes.csv` after the subject."""
    return (
        ("class", "number", "Most probable class, counted by falling share"),
        ("probability", "0 to 1", "Probability of that class"),
        *(
            (f"probability_{k}", "0 to 1", f"Probability of class {k}")
            for k in range(1, n_classes + 1)
        ),
    )
