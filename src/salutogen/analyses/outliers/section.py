"""The page's section on far points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.outliers.far_points import FAR, FAR_POINT_COLUMNS, MOST_INFLUENTIAL
from salutogen.columns import Column, Kind
from salutogen.counts import Forms, Persons
from salutogen.page.section import Section, Table, Text
from salutogen.page.words import say

if TYPE_CHECKING:
    from salutogen.analyses.outliers.analysis import OutliersResult
    from salutogen.page.audience import Audience

WHO = Column(name="who", meaning="Label of the person", kind=Kind.IDENTIFIER, heading="Who")
LEVELS = {"occasion": "{n:# occasion|# occasions}", "person": "{n:# person|# persons}"}
RULE = (
    "A point is far by its z values or by its Mahalanobis distance, with as many degrees of "
    "freedom as variables. Primary fits keep every value as it is; what leaving out, winsorising "
    "or a robust fit would change stands under the sensitivity bands."
)


def outliers_section(result: OutliersResult, audience: Audience) -> Section:
    """Flagged units under their labels; only how many where persons are hidden."""
    if not result.flagged.height:
        return Section(title="Outliers", paragraphs=(f"No far points were flagged. {RULE}",))
    if not audience.individuals:
        return Section(title="Outliers", paragraphs=(_far_words(result), RULE))
    return Section(
        title="Outliers",
        paragraphs=(_far_words(result), RULE, _influential_words(result)),
        tables=(
            Table(
                name="outliers",
                title="Far points, and the most influential ones",
                # By label: the order of the file would tell whose label it is.
                frame=result.flagged.drop("person").rename({"subject": "who"}).sort("level", "who"),
                columns=(WHO, *FAR_POINT_COLUMNS),
                note="Labels are those of the figures; they have nothing to do with the data file.",
            ),
        ),
    )


def _far_words(result: OutliersResult) -> Text:
    """Count far points alone: who merely moves the line need not be far in anything."""
    far = result.flagged.filter(pl.any_horizontal(FAR))
    if not far.height:
        return "No far points were flagged."
    n = Forms(far.height, persons=far["person"].n_unique())
    return say("Far points flagged: {n}.", n=n)


def _influential_words(result: OutliersResult) -> Text:
    """Say how many move the line most, of how many beyond the usual bound."""
    told = [
        say(
            f"{LEVELS[level]} of {{moving}} whose Cook's distance is above 4/n",
            n=Persons(counts.influential, of=counts.moving),
            moving=Persons(counts.moving),
        )
        for level, counts in (("occasion", result.occasion), ("person", result.person))
        if counts.influential
    ]
    if not told:
        return "No unit moves its line by a Cook's distance above 4/n."
    first, *more = told
    listed = first + (say(", and {rest}", rest=more[0]) if more else "")
    return say(
        "Listed as well, which is no sign of being far: up to {most} at each level that move its "
        "line most ({listed}).",
        most=MOST_INFLUENTIAL,
        listed=listed,
    )
