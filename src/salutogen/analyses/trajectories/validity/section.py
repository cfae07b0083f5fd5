"""Section of the report on the validity of labels and locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.tables import SMALL_NOTE, shown_counts
from salutogen.analyses.trajectories.validity.correlations import FEWEST, Estimate
from salutogen.analyses.trajectories.validity.figures import factor_figure, group_figure
from salutogen.analyses.trajectories.validity.validity import GroupOutcome, Validity
from salutogen.page.section import Section, Table
from salutogen.page.words import percent, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

CODES = ("validity-", "factor-relation-")


def validity_sections(result: Trajectories) -> tuple[Section, ...]:
    """What labels and locks foretell and what factors relate to; nothing where neither is known."""
    found = result.validity
    if found is None or (found.outcome is None and not found.factors):
        return ()
    figures = (
        *(group_figure(result, group) for group in found.groups),
        factor_figure(result, found),
    )
    return (
        Section(
            title="Trajectories: do they foretell, and what relates to them",
            paragraphs=(*_foretold_words(found), *_group_words(found), *_factor_words(found)),
            tables=(
                *_foretold_tables(result, found),
                *(_group_table(result, found, group) for group in found.groups),
                *_factor_tables(result, found),
            ),
            figures=tuple(figure for figure in figures if figure is not None),
            findings=tuple(item for item in result.findings if item.code.startswith(CODES)),
        ),
    )


def _written(found: Estimate) -> str:
    if found.value is None:
        return "–"
    return f"{signed(found.value)} ({signed(found.low)} to {signed(found.high)})"


def _foretold_words(found: Validity) -> tuple[str, ...]:
    outcome = found.outcome
    if outcome is None:
        return ()
    n = int(np.isfinite(outcome.values).sum())
    sr, p = found.foretold["SR level"], found.foretold["P level"]
    return (
        f"The later outcome is {outcome.name}, known for {n} anchored courses. The level of SR "
        f"after the event correlates with it by {_written(sr[0])}, that of P by "
        f"{_written(p[0])}; at equal P before the event by {_written(sr[1])} and "
        f"{_written(p[1])} (95 % intervals by bootstrap over persons).",
    )


def _group_words(found: Validity) -> tuple[str, ...]:
    return tuple(
        f"{group.title} alone tells {percent(max(group.explained, 0.0))} of the variance of the "
        f"outcome in {group.n} courses, adjusted for the number of groups."
        for group in found.groups
        if group.explained is not None
    )


def _factor_words(found: Validity) -> tuple[str, ...]:
    if not found.factors:
        return ()
    return (
        "Factors are taken as they were before the event. P around it holds the reaction to all "
        "stressors of the time: a factor that goes with fewer stressors goes with lower P without "
        "changing the response. SR has the expected reaction to what was met taken out, so the "
        "two columns differ by what a factor has to do with exposure.",
    )


def _foretold_tables(result: Trajectories, found: Validity) -> tuple[Table, ...]:
    if found.outcome is None:
        return ()
    rows = [
        {
            "measure": f"{name} after the event",
            "n": plain.n,
            "r": plain.value,
            "low": plain.low,
            "high": plain.high,
            "partial": partial.value,
            "partial_low": partial.low,
            "partial_high": partial.high,
        }
        for name, (plain, partial) in found.foretold.items()
    ]
    kinds = {"measure": pl.String, "n": pl.Int64}
    numbers = ("r", "low", "high", "partial", "partial_low", "partial_high")
    return (
        Table(
            name=f"trajectories-{result.anchors.rule}-foretold",
            title=f"What foretells: {found.outcome.name}",
            frame=pl.DataFrame(rows, schema=kinds | dict.fromkeys(numbers, pl.Float64)),
            labels={
                "measure": "Measure",
                "n": "Courses",
                "r": "r",
                "low": "95 % from",
                "high": "to",
                "partial": "r at equal P before",
                "partial_low": "95 % from ",
                "partial_high": "to ",
            },
            note="Level: mean of post1 and post2. Change: level minus pre. Higher outcome and "
            "positive SR both mean worse.",
        ),
    )


def _group_table(result: Trajectories, found: Validity, group: GroupOutcome) -> Table:
    counts = shown_counts([mean.n for mean in group.means], result.audience.smallest)
    rows = [
        {
            "group": name,
            "n": count,
            "mean": mean.mean if count else None,
            "low": mean.low if count else None,
            "high": mean.high if count else None,
        }
        for name, mean, count in zip(group.names, group.means, counts, strict=True)
    ]
    kinds = {"group": pl.String, "n": pl.Int64} | dict.fromkeys(("mean", "low", "high"), pl.Float64)
    binary = found.outcome is not None and found.outcome.binary
    return Table(
        name=f"trajectories-{result.anchors.rule}-{group.title.lower()}-outcome",
        title=f"Later outcome by {group.title.lower()}",
        frame=pl.DataFrame(rows, schema=kinds),
        labels={
            "group": group.title,
            "n": "Courses",
            "mean": "Share" if binary else "Mean",
            "low": "95 % from",
            "high": "to",
        },
        note="" if result.audience.individuals else SMALL_NOTE,
    )


def _factor_tables(result: Trajectories, found: Validity) -> tuple[Table, ...]:
    if not found.factors:
        return ()
    rows = []
    for relation in found.factors:
        for what, difference in (
            ("level", relation.level_difference),
            ("change", relation.change_difference),
        ):
            sr, p = relation.r[f"SR {what}"], relation.r[f"P {what}"]
            rows.append(
                {
                    "factor": relation.factor,
                    "lock": what,
                    "n": sr.n,
                    "SR": sr.value,
                    "SR_interval": _interval(sr),
                    "P": p.value,
                    "P_interval": _interval(p),
                    "difference": difference.value,
                    "difference_interval": _interval(difference),
                }
            )
    text, floats = ("SR_interval", "P_interval", "difference_interval"), ("SR", "P", "difference")
    kinds = (
        {"factor": pl.String, "lock": pl.String, "n": pl.Int64}
        | dict.fromkeys(text, pl.String)
        | dict.fromkeys(floats, pl.Float64)
    )
    return (
        Table(
            name=f"trajectories-{result.anchors.rule}-factors",
            title="Factors before the event: correlation with locks of SR and of P",
            frame=pl.DataFrame(rows, schema=kinds).select(list(rows[0])),
            labels={
                "factor": "Factor",
                "lock": "Lock",
                "n": "Courses",
                "SR": "r with SR",
                "SR_interval": "95 %",
                "P": "r with P",
                "P_interval": "95 % ",
                "difference": "P minus SR",
                "difference_interval": "95 %  ",
            },
            note="A negative correlation with SR: the more of the factor, the less reactive. "
            f"Fewer than {FEWEST} courses give no figure.",
        ),
    )


def _interval(found: Estimate) -> str | None:
    if found.low is None or found.high is None:
        return None
    return f"{points(found.low)} to {points(found.high)}"
