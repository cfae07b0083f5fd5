"""Words and the picture of completed sets: how they were drawn, and how the chains went."""

from __future__ import annotations

from collections.abc import Sequence

from salutogen.analyses.completing import TRACE_COLUMNS, Chains
from salutogen.page.charting import layered, palette_scale, quantity, values
from salutogen.page.colours import CATEGORIES
from salutogen.page.section import Figure
from salutogen.page.words import percent, points

SETTLED = {True: "Chains have come together", False: "Chains have not all come together"}


def how_drawn(made: Chains, *, what: str, pooled: str) -> str:
    """Say from what gaps were drawn, what that assumes, and how sure it is.

    Parameters
    ----------
    made : Chains
    what : str
        What may be missing, such as "measurements and covariates".
    pooled : str
        What is pooled, such as "slopes".
    """
    if made.file is not None:
        return (
            f"What is missing of {what} was completed elsewhere, in {made.sets} sets "
            f"({made.file}): how, and whether the chains had come together, is not known here. "
            f"Wherever something was answered, the sets have it. {pooled.capitalize()} were pooled "
            "by Rubin's rules with the degrees of freedom of Barnard and Rubin; up to "
            f"{percent(made.missing)} of the information on a coefficient is missing. Persons of "
            "whom a category is not known are left out."
        )
    beside = ""
    if made.drawn_from:
        beside = (
            f" and from {len(made.drawn_from)} scores of problems and exposure at near occasions"
        )
    hat = "" if made.r_hat is None else f" (R-hat at most {points(made.r_hat)})"
    return (
        f"What is missing of {what} was drawn {made.sets} times, each from the others{beside} "
        f"(chained equations, {made.iterations} rounds), and {pooled} were pooled by Rubin's rules "
        "with the degrees of freedom of Barnard and Rubin. It assumes that whether something is "
        "missing depends on what was seen, not on what is missing itself. "
        f"{SETTLED[made.converged]}{hat}; up to "
        f"{percent(made.missing)} of the information on a coefficient is missing. Persons of whom "
        "a category is not known are left out."
    )


def chains_figure(made: Chains, name: str, columns: Sequence[str], unit: str) -> Figure:
    """Mean of what was drawn, round by round, of each chain.

    Parameters
    ----------
    made : Chains
    name : str
        Of the figure.
    columns : sequence of str
        Those of its trace that may be there, in their order; at most eight.
    unit : str
        Of the means.
    """
    seen = set(made.trace["column"])
    hues = dict(zip(columns, CATEGORIES, strict=False))
    return Figure(
        name=name,
        title="Whether the rounds of drawing were enough",
        description="Mean of the values drawn for those who lack a measurement, by round, a line "
        "for each completed set. Lines that mix are good; lines that rise, fall or keep apart are "
        f"not. {SETTLED[made.converged]}.",
        chart=layered(
            {
                "data": values(made.trace),
                "mark": {"type": "line", "strokeWidth": 1, "opacity": 0.6},
                "encoding": {
                    "x": quantity("iteration", "Round", axis={"tickMinStep": 1, "format": "d"}),
                    "y": quantity("mean", f"Mean of what was drawn ({unit})"),
                    "detail": {"field": "chain", "type": "nominal"},
                    "color": {
                        "field": "column", "type": "nominal", "title": None,
                        "scale": palette_scale({key: hues[key] for key in hues if key in seen}),
                    },
                },
            },
            height=240,
        ),
        data=made.trace,
        columns=TRACE_COLUMNS,
    )  # fmt: skip
