"""Labels of courses by rule, how sure they are, and how often chance alone gives them.

After the taxonomy of Bonanno (2004): resilient, recovery, delayed, chronic; with courses that
improve and those that were high before the event.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import ResultFile
from salutogen.analyses.trajectories.anchors.anchored import EPISODE, SUBJECT, Anchored
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.columns import POINTS, Column, Kind, Record, beside, figure, record

LABELS = (
    "resilient",
    "recovery",
    "delayed",
    "chronic",
    "improving",
    "pre-existing high",
)
RESILIENT, RECOVERY, DELAYED, CHRONIC, IMPROVING, HIGH = range(len(LABELS))
PERSONS_AT_ONCE = 2000
DRAWS_UNCHANGED = 100_000
Codes = NDArray[np.int8]


def chance_column(label: str) -> str:
    """Name of the column with the chance of a label."""
    return f"p_{label.replace(' ', '_').replace('-', '_')}"


FILE_COLUMNS = (
    SUBJECT,
    EPISODE,
    Column(
        name="label",
        meaning="Label by rule of the course from pre to post2",
        unit="label",
        kind=Kind.PERSON,
    ),
    *(
        Column(
            name=chance_column(label),
            meaning=f"Chance of the label {label}, given the error of SR",
            unit="probability",
            kind=Kind.PERSON,
        )
        for label in LABELS
    ),
)


@record
class Labels(Record):
    """Labels of complete courses by rule: how many, how sure, and how many by error alone.

    Attributes
    ----------
    rows : ndarray of int, shape (m,)
        Places in the lock.
    codes : ndarray, shape (m,)
        Places in `LABELS`.
    probability : ndarray, shape (m, 6)
        Probability of each label given the standard error of SR.
    """

    n: int = figure("Complete courses", kind=Kind.COUNT)
    half_width: float = figure("Half width of the band around the own pre-level", unit=POINTS)
    counts: dict[str, int] = figure("Courses by label", kind=Kind.COUNT)
    expected_shares: dict[str, float] = figure(
        "Shares expected when every score is drawn again within its error"
    )
    variants: dict[str, dict[str, int]] = figure(
        "Courses by label under other bands and tolerances", kind=Kind.COUNT
    )
    no_change: dict[str, float] = figure(
        "Rates that persons without any change would give, among those not high before"
    )
    rows: NDArray[np.int64] = beside()
    codes: Codes = beside()
    probability: FloatArray = beside()

    @property
    def certainty(self) -> float:
        """Probability of a course's likeliest label, on average."""
        return float(self.probability.max(axis=1).mean())

    def file(self, anchored: Anchored) -> ResultFile:
        """`labels.csv`: a row per complete course with its label and the chance of each label."""
        rows = anchored.with_subject(pl.DataFrame({"row": np.arange(anchored.n)}))[self.rows]
        named = pl.Series("label", [LABELS[code] for code in self.codes], dtype=pl.String)
        chances = [
            pl.Series(chance_column(label), self.probability[:, code])
            for code, label in enumerate(LABELS)
        ]
        return ResultFile(
            table=rows.drop("row").with_columns(named, *chances), columns=FILE_COLUMNS
        )


def classify(
    SR: FloatArray,
    *,
    half_width: float,
    tolerance: float = 1.0,
    high: NDArray[np.bool_] | None = None,
) -> Codes:
    """Label complete courses by rule.

    Within the band means at or below the own pre-level plus `half_width`. Resilient: within at
    peri, post1 and post2. Improving: so too, and at post2 more than a half width below the
    pre-level. Recovery: above at peri, back at post2. Chronic: above at peri and still at post2.
    Delayed: within at peri, above later. Pre-existing high goes before all of them.

    Parameters
    ----------
    SR : ndarray, shape (..., 4)
        At pre, peri, post1, post2; points of P; positive = over-reactive = less resilient.
    half_width : float
        Half width of the band.
    tolerance : float
        Back at post2 means within this many half widths of the pre-level.
    high : ndarray of bool, optional
        Who was high before the event.

    Returns
    -------
    ndarray of int8
        Places in `LABELS`.
    """
    change = SR[..., 1:] - SR[..., :1]
    above = change > half_width
    last = change[..., 2]
    codes = np.full(change.shape[:-1], RESILIENT, dtype=np.int8)
    codes[last < -half_width] = IMPROVING
    codes[above[..., 1] | above[..., 2]] = DELAYED
    codes[above[..., 0]] = RECOVERY
    codes[above[..., 0] & (last > tolerance * half_width)] = CHRONIC
    if high is not None:
        codes[high] = HIGH
    return codes


def label_courses(lock: Lock, *, sem: float, settings: LabelSettings, seed: int) -> Labels:
    """Label the persons with complete courses.

    Parameters
    ----------
    lock : Lock
    sem : float
        Standard error of measurement of SR at one occasion, points of P.
    settings : LabelSettings
    seed : int
        Of the draws.

    Returns
    -------
    Labels
    """
    rows = np.flatnonzero(lock.complete)
    half_width = float(settings.band * np.sqrt(2.0) * sem)
    SR, z = lock.SR[rows], lock.SR_z[rows, 0]
    spread = _residual_sd(lock)
    se = np.where(np.isfinite(lock.SR_se[rows]), lock.SR_se[rows], sem)
    codes = classify(
        SR, half_width=half_width, tolerance=settings.tolerance, high=z > settings.high
    )
    first, second = np.random.SeedSequence([seed, 61]).spawn(2)
    generator = np.random.default_rng(first)
    probability = np.zeros((rows.size, len(LABELS)))
    for start in range(0, rows.size, PERSONS_AT_ONCE):
        part = slice(start, start + PERSONS_AT_ONCE)
        size = (settings.draws, *SR[part].shape)
        drawn = SR[part] + se[part] * generator.standard_normal(size)
        found = classify(
            drawn,
            half_width=half_width,
            tolerance=settings.tolerance,
            high=drawn[..., 0] > settings.high * spread,
        )
        for code in range(len(LABELS)):
            probability[part, code] = (found == code).mean(axis=0)
    return Labels(
        n=int(codes.size),
        half_width=half_width,
        counts=_counted(codes),
        expected_shares=_by_label(probability.sum(axis=0) / max(1, int(codes.size))),
        variants=_variants(SR, z > settings.high, sem, settings),
        no_change=unchanged_rates(settings, seed=second),
        rows=rows.astype(np.int64),
        codes=codes,
        probability=probability,
    )


def _counted(codes: Codes) -> dict[str, int]:
    return dict(zip(LABELS, np.bincount(codes, minlength=len(LABELS)).tolist(), strict=True))


def _by_label(shares: FloatArray) -> dict[str, float]:
    return dict(zip(LABELS, shares.tolist(), strict=True))


def _variants(
    SR: FloatArray, high: NDArray[np.bool_], sem: float, settings: LabelSettings
) -> dict[str, dict[str, int]]:
    """Persons by label where band or tolerance is narrower or wider than planned."""
    found = {}
    for words, band, tolerance in (
        ("band narrower by half", 0.5, 1.0),
        ("band wider by half", 1.5, 1.0),
        ("back means half as far", 1.0, 0.5),
    ):
        codes = classify(
            SR,
            half_width=band * settings.band * float(np.sqrt(2.0)) * sem,
            tolerance=tolerance * settings.tolerance,
            high=high,
        )
        found[words] = _counted(codes)
    return found


def _residual_sd(lock: Lock) -> float:
    """Residual SD of the line: SR / SR_z, the same everywhere."""
    usable = np.isfinite(lock.SR) & np.isfinite(lock.SR_z) & (np.abs(lock.SR_z) > 1e-9)
    return float(np.median(lock.SR[usable] / lock.SR_z[usable])) if usable.any() else np.inf


def unchanged_rates(
    settings: LabelSettings, *, seed: int | np.random.SeedSequence = 1
) -> dict[str, float]:
    """Label rates if nobody changed: one true level, error alone, nobody high before."""
    error = np.random.default_rng(seed).standard_normal((DRAWS_UNCHANGED, 4))
    codes = classify(
        error, half_width=settings.band * float(np.sqrt(2.0)), tolerance=settings.tolerance
    )
    rates = np.bincount(codes, minlength=len(LABELS)) / DRAWS_UNCHANGED
    return dict(zip(LABELS[:HIGH], rates.tolist()[:HIGH], strict=True))
