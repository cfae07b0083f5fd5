"""What each model asks, what it assumes, and what misleads it, in words."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from salutogen.analyses.change.paths import ONE_STEP, PLAIN, RANDOM, REGRESSION, WITHOUT_ERROR
from salutogen.columns import Column, Kind

ASSUMPTION_COLUMNS = (
    Column(name="model", meaning="Model", heading="Model", kind=Kind.LABEL),
    Column(name="asks", meaning="What it asks", heading="It asks", kind=Kind.LABEL),
    Column(name="assumes", meaning="What must hold", heading="It assumes", kind=Kind.LABEL),
    Column(name="misled", meaning="What gives an effect that is not there, or hides one",
           heading="It is misled by", kind=Kind.LABEL),
)  # fmt: skip
_WORDS = {
    RANDOM: (
        "Where a person was above the own usual level in one variable, is another above its usual "
        "level at the next occasion?",
        "Persons have lasting levels that do not drift; nothing that changes over time and was "
        "left out moves both variables; deviations are free of error; effects are linear and take "
        "one gap between occasions.",
        "A cause that was left out and reaches one variable first; answers about spans of time "
        "that overlap; persons who drift; error of measurement.",
    ),
    PLAIN: (
        "Have persons with a higher value in one variable a higher one in another at the next "
        "occasion, at equal earlier values?",
        "Persons do not differ lastingly beyond what earlier values and covariates tell; the rest "
        "as with random intercepts.",
        "Levels that merely go together: they look like effects in both directions. All that "
        "misleads the model with random intercepts.",
    ),
    REGRESSION: (
        "The same, with earlier values of all variables and the covariates held equal.",
        "All that moves both variables, lasting or not, is in the earlier values and the "
        "covariates; rows that are complete stand for the others.",
        "Lasting differences and causes that were left out; error in the earlier values.",
    ),
    ONE_STEP: (
        "As with random intercepts, of P at equal exposure: exposure is in the same model, and "
        "does not come out of a line that was fitted before.",
        "As with random intercepts. Where E is one of the variables, the effect on P holds also "
        "what goes through later exposure: it is the effect on SR and the line's slope times the "
        "effect on E.",
        "As with random intercepts.",
    ),
    WITHOUT_ERROR: (
        "As with random intercepts, of values without the assumed error of measurement.",
        "The reliabilities are those that were named; errors of different variables and occasions "
        "do not go together.",
        "Reliabilities that are too low: effects are then too large.",
    ),
}


def assumptions_of(models: Sequence[str]) -> pl.DataFrame:
    """Return a row of words for each model."""
    rows = [(model, *_WORDS[model]) for model in models]
    names = [column.name for column in ASSUMPTION_COLUMNS]
    return pl.DataFrame(rows, schema=names, orient="row")
