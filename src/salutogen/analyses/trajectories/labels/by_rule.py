"""Labels of courses by rule, and how often persons without any change would get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import ResultFile
from salutogen.analyses.trajectories.anchors.anchored import EPISODE, SUBJECT, Anchored
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.analyses.trajectories.labels.afterwards import Afterwards, seen_afterwards
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, Codes, classify
from salutogen.analyses.trajectories.labels.settings import BandFrom, LabelSettings
from salutogen.columns import POINTS, Column, Kind, Record, beside, figure, record

NODES = 200  # of the integral over the level before
FAR = 9.0  # SDs, beyond which a normal value is not looked for
EARLIER_OCCASIONS = 1  # the pre-level is one occasion: pre
MOST_AT_END = (
    1.0 / 3.0
)  # of courses that cannot leave their band upward, beyond which none is labelled

FILE_COLUMNS = (
    SUBJECT,
    EPISODE,
    Column(
        name="label",
        meaning="Label by rule of the course from pre to post2",
        unit="label",
        kind=Kind.PERSON,
    ),
)


@record
class Labels(Record):
    """Labels of complete courses by rule: how many, and how many if nobody changed.

    Attributes
    ----------
    rows : ndarray of int, shape (m,)
        Places in the lock.
    codes : ndarray, shape (m,)
        Places in `LABELS`.
    """

    n: int = figure("Complete courses", kind=Kind.COUNT)
    half_width: float = figure("Half width of the band around the own pre-level", unit=POINTS)
    band_from: BandFrom = figure("What the band rests on: ordinary fluctuation, or answers' error")
    spread: float = figure("SD of SR at one occasion that the band rests on", unit=POINTS)
    counts: dict[str, int] = figure("Courses by label", kind=Kind.COUNT)
    variants: dict[str, dict[str, int]] = figure(
        "Courses by label under other bands and tolerances", kind=Kind.COUNT
    )
    no_change: dict[str, float] = figure(
        "Rates if SR only fluctuated about a level, each occasion by itself, among those not high "
        "before"
    )
    other_background: dict[str, int] | None = figure(
        "Courses by label with SR judged the other way: without the event in exposure where it is "
        "in it; null where both are the same or it cannot be given",
        kind=Kind.COUNT,
        default=None,
    )
    n_cannot_rise: int | None = figure(
        "Courses not high before whose band reaches beyond the highest possible P: nothing can be "
        "seen above it; null where the range of P is not known",
        kind=Kind.COUNT,
        default=None,
    )
    n_cannot_fall: int | None = figure(
        "Courses not high before whose band reaches below the lowest possible P: they cannot be "
        "improving",
        kind=Kind.COUNT,
        default=None,
    )
    after_post2: dict[str, Afterwards] | None = figure(
        "What is seen of the courses with each label after post2, where labels end; null where "
        "later occasions were not given",
        default=None,
    )
    post2_days: float | None = figure(
        "Planned time from the event to post2; null where no days are planned",
        unit="days",
        default=None,
    )
    rows: NDArray[np.int64] = beside()
    codes: Codes = beside()

    @property
    def n_not_high(self) -> int:
        """Complete courses that were not high before the event."""
        return self.n - self.counts[LABELS[HIGH]]

    @property
    def wider_than_scale(self) -> bool:
        """Whether so many courses cannot be seen above their band that shares say nothing."""
        return self.n_cannot_rise is not None and self.n_cannot_rise > MOST_AT_END * self.n_not_high

    @property
    def shares(self) -> dict[str, float]:
        """Share of each label."""
        return label_shares(self.counts)

    def file(self, anchored: Anchored) -> ResultFile:
        """`labels.csv`: a row per complete course with its label."""
        rows = anchored.with_subject(pl.DataFrame({"row": np.arange(anchored.n)}))[self.rows]
        named = pl.Series("label", [LABELS[code] for code in self.codes], dtype=pl.String)
        return ResultFile(table=rows.drop("row").with_columns(named), columns=FILE_COLUMNS)


@dataclass(frozen=True, kw_only=True)
class OtherBackground:
    """SR judged the other way.

    Attributes
    ----------
    lock : Lock
    ratio : float
        SD of that SR within persons over the SD of SR as it is locked: the band follows it.
    """

    lock: Lock
    ratio: float


def label_bases(counts: Mapping[str, int]) -> dict[str, int]:
    """Courses that shares are of: those not high before; all, of those high before."""
    n, high = sum(counts.values()), counts[LABELS[HIGH]]
    return dict.fromkeys(LABELS, max(n - high, 1)) | {LABELS[HIGH]: max(n, 1)}


def label_shares(counts: Mapping[str, int]) -> dict[str, float]:
    """Share of each label: among courses not high before; of those high before, among all."""
    among = label_bases(counts)
    return {name: count / among[name] for name, count in counts.items()}


def half_width_of(spread: float, settings: LabelSettings) -> float:
    """Half width of the band of the difference between an occasion and the level before.

    Parameters
    ----------
    spread : float
        SD of SR at one occasion around the person's level, points of P.
    settings : LabelSettings
    """
    return float(settings.band * np.sqrt(1.0 + 1.0 / EARLIER_OCCASIONS) * spread)


def within_person_sd(SR: FloatArray) -> float | None:
    """SD of SR around the own mean, pooled over persons; None without a second occasion.

    Parameters
    ----------
    SR : ndarray, shape (persons, occasions)
        NaN where missing, or where it is not to count.
    """
    there = np.isfinite(SR)
    n = there.sum(axis=1)
    free = int(np.maximum(n - 1, 0).sum())
    if free == 0:
        return None
    mean = np.where(there, SR, 0.0).sum(axis=1) / np.maximum(n, 1)
    squares = np.where(there, (SR - mean[:, None]) ** 2, 0.0).sum()
    return float(np.sqrt(squares / free))


def label_courses(
    lock: Lock,
    *,
    spread: float,
    settings: LabelSettings,
    other: OtherBackground | None = None,
    span: tuple[float | None, float | None] = (None, None),
    change: FloatArray | None = None,
    post2_days: float | None = None,
) -> Labels:
    """Label the persons with complete courses.

    Parameters
    ----------
    lock : Lock
    spread : float
        SD of SR at one occasion that the band rests on, points of P.
    settings : LabelSettings
    other : OtherBackground, optional
        The same courses judged the other way.
    span : tuple of float or None
        Lowest and highest possible P.
    change : ndarray, shape (n, k), optional
        SR minus the own pre-level from each anchor on, for what is seen after post2.
    post2_days : float, optional
        Planned days from the event to post2.

    Returns
    -------
    Labels
    """
    rows = np.flatnonzero(lock.complete)
    half_width = half_width_of(spread, settings)
    SR, high = lock.SR[rows], lock.SR_z[rows, 0] > settings.high
    codes = classify(SR, half_width=half_width, tolerance=settings.tolerance, high=high)
    P = lock.P[rows[~high], 0]
    lowest, highest = span
    return Labels(
        n=int(codes.size),
        half_width=half_width,
        band_from=settings.band_from,
        spread=spread,
        counts=_counted(codes),
        variants=_variants(SR, high, half_width, settings),
        no_change=unchanged_rates(settings),
        other_background=None if other is None else _counted_otherwise(other, half_width, settings),
        n_cannot_rise=None if highest is None else int((P + half_width > highest).sum()),
        n_cannot_fall=None if lowest is None else int((P - half_width < lowest).sum()),
        after_post2=None if change is None else seen_afterwards(codes, change[rows], half_width),
        post2_days=post2_days,
        rows=rows.astype(np.int64),
        codes=codes,
    )


def _counted_otherwise(
    other: OtherBackground, half_width: float, settings: LabelSettings
) -> dict[str, int]:
    rows = other.lock.complete
    codes = classify(
        other.lock.SR[rows],
        half_width=half_width * other.ratio,
        tolerance=settings.tolerance,
        high=other.lock.SR_z[rows, 0] > settings.high,
    )
    return _counted(codes)


def _counted(codes: Codes) -> dict[str, int]:
    return dict(zip(LABELS, np.bincount(codes, minlength=len(LABELS)).tolist(), strict=True))


def _variants(
    SR: FloatArray, high: NDArray[np.bool_], half_width: float, settings: LabelSettings
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
            half_width=band * half_width,
            tolerance=tolerance * settings.tolerance,
            high=high,
        )
        found[words] = _counted(codes)
    return found


def unchanged_rates(settings: LabelSettings) -> dict[str, float]:
    """Label rates among those not high before, if SR were normal noise about one level.

    Occasions are independent: where fluctuation lasts from one to the next, placebo occasions tell
    the rates. Given the value before, so are the labels' conditions, and the rates are integrals
    over that value up to the one from which on a person is high before.
    """
    from scipy.special import ndtr

    half_width = half_width_of(1.0, settings)
    top = min(settings.high, FAR)
    low = min(-FAR, top - 1.0)
    node, weight = np.polynomial.legendre.leggauss(NODES)
    pre = low + 0.5 * (top - low) * (node + 1.0)
    # Beside the highest density, so that it does not vanish whatever `high` is.
    weight = weight * np.exp(0.5 * (min(top, 0.0) ** 2 - pre**2))
    within, below = ndtr(pre + half_width), ndtr(pre - half_width)
    back = ndtr(pre + settings.tolerance * half_width)
    each = (
        within**2 * (within - below),
        (1.0 - within) * back,
        within * (1.0 - within**2),
        (1.0 - within) * (1.0 - back),
        within**2 * below,
    )
    rates = [float((weight * value).sum() / weight.sum()) for value in each]
    return dict(zip(LABELS[:HIGH], rates, strict=True))
