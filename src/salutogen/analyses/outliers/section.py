"""The page's section on far points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.outliers.far_points import FAR_POINT_COLUMNS
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.section import Section, Table
from salutogen.page.words import plural, say

if TYPE_CHECKING:
    from salutogen.analyses.outliers.analysis import OutliersResult
    from salutogen.page.audience import Audience

WHO = Column(name="who", meaning="Label of the person", kind=Kind.IDENTIFIER, heading="Who")
RULE = (
    "A far point is told by its z values, Cook's distance and its Mahalanobis distance with as "
    "many degrees of freedom as variables. Primary fits keep every value as it is; what leaving "
    "out, winsorising or a robust fit would change stands under the sensitivity bands."
)


def outliers_section(result: OutliersResult, audience: Audience) -> Section:
    """Flagged units under their labels; only how many where persons are hidden."""
    n = result.flagged.height
    if not n:
        return Section(title="Outliers", paragraphs=(f"No far points were flagged. {RULE}",))
    if not audience.individuals:
        told = say("Far points flagged: {n}. {rule}", n=Persons(n), rule=RULE)
        return Section(title="Outliers", paragraphs=(told,))
    return Section(
        title="Outliers",
        paragraphs=(f"{plural(n, 'far point')} flagged. {RULE}",),
        tables=(
            Table(
                name="outliers",
                title="Far points",
                # By label: the order of the file would tell whose label it is.
                frame=result.flagged.drop("person").rename({"subject": "who"}).sort("level", "who"),
                columns=(WHO, *FAR_POINT_COLUMNS),
                note="Labels are those of the figures; they have nothing to do with the data file.",
            ),
        ),
    )
