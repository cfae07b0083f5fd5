"""Far points: who lies far out, and what leaving them out would change."""

from __future__ import annotations

import polars as pl

from salutogen.page.section import Section, Table
from salutogen.page.words import heading, plural
from salutogen.report.context import Context

COLUMN_WORDS = {
    "who": "Who",
    "level": "Level",
    "occasion": "Occasion",
    "z_P": "z of P",
    "z_E": "z of E",
    "z_SR": "z of SR",
    "cook": "Cook's distance",
    "cooks_distance": "Cook's distance",
    "mahalanobis_p": "Mahalanobis p",
}
INTERNAL = ("subject", "person", "occasion_index")


def outliers_section(context: Context) -> Section:
    """Flagged units under their labels; only how many where persons are hidden."""
    flagged = context.resilience.outliers
    rule = (
        "A far point is told by its z values, Cook's distance and its Mahalanobis distance with as "
        "many degrees of freedom as variables. Primary fits keep every value as it is; what "
        "leaving out, winsorising or a robust fit would change stands under the sensitivity bands."
    )
    if not flagged.height:
        return Section(title="Outliers", paragraphs=(f"No far points were flagged. {rule}",))
    if not context.audience.individuals:
        n = context.audience.count(flagged.height)
        return Section(title="Outliers", paragraphs=(f"Far points flagged: {n}. {rule}",))
    return Section(
        title="Outliers",
        paragraphs=(f"{plural(flagged.height, 'far point')} flagged. {rule}",),
        tables=(
            Table(
                name="outliers",
                title="Far points",
                frame=labelled(context, flagged),
                labels={
                    name: COLUMN_WORDS.get(name, heading(name))
                    for name in ("who", *flagged.columns)
                },
                note="Labels are those of the figures; they have nothing to do with the data file.",
            ),
        ),
    )


def labelled(context: Context, flagged: pl.DataFrame) -> pl.DataFrame:
    """Put labels in the place of subject ids and person indices."""
    if "subject" in flagged.columns:
        known = context.scores.persons.select("subject", "person")
        flagged = flagged.drop("person", strict=False).join(
            known, on="subject", how="left", maintain_order="left"
        )
    if "person" not in flagged.columns:
        return flagged.drop(*INTERNAL, strict=False)
    who = [
        None if person is None else context.label(person) for person in flagged["person"].to_list()
    ]
    rest = flagged.drop(*INTERNAL, strict=False)
    return rest.insert_column(0, pl.Series("who", who, dtype=pl.String))
