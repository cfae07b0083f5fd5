"""Functioning of persons beyond that expected at their exposure: the logic of SR, turned round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.domains.scored import score_domains
from salutogen.analyses.intervals import fisher_interval
from salutogen.analyses.scales import NamedScale
from salutogen.columns import Column, Kind, Record, figure, record
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import pearson

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs

FEWEST = 20
SURPLUS_COLUMNS = (
    Column(name="subject", meaning="Person, as written in the data", unit="text",
           kind=Kind.IDENTIFIER),
    Column(name="functioning", meaning="Mean functioning", unit="points of the scale",
           kind=Kind.PERSON),
    Column(name="E", meaning="Mean exposure", unit="units of E", kind=Kind.PERSON),
    Column(name="surplus", meaning="Functioning less that expected at this exposure",
           unit="points of the scale", sign="positive = better than expected", kind=Kind.PERSON),
)  # fmt: skip


@record
class Surplus(Record):
    """Functioning over persons' means, by the same kind of line as problems."""

    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    r_exposure: float | None = figure("Correlation of functioning with exposure")
    r_SR: float | None = figure(
        "Correlation of surplus functioning with SR: negative where both tell the same"
    )
    r_SR_low: float | None = figure("Lower end of its 95 % interval (Fisher z)")
    r_SR_high: float | None = figure("Upper end of its 95 % interval (Fisher z)")
    sd: float = figure("SD of surplus functioning over persons", unit="points of the scale")


def surplus_of(
    inputs: AnalysisInputs, scale: NamedScale, found: Findings
) -> tuple[Surplus | None, pl.DataFrame | None]:
    """Score functioning less that expected at a person's exposure, by a line of its own.

    Occasions with E, P and functioning count. None, with a note, where too few persons have them.
    """
    scored = score_domains(inputs, [scale])
    n = scored.persons.height
    if n < max(FEWEST, scored.X.shape[1] + 2):
        found.tell("functioning-without-line", n=Persons(n))
        return None, None
    # `score_domains` turns functioning so that higher = worse.
    surplus = -scored.SR[:, 0]
    SR = scored.persons.select("person").join(
        inputs.resilience.persons.select("person", "SR"),
        on="person",
        how="left",
        maintain_order="left",
    )
    r = pearson(surplus, SR["SR"].fill_null(float("nan")).to_numpy())
    ends = fisher_interval(r, inputs.run.audience.told_size(n))
    E = scored.persons["E"].to_numpy()
    made = Surplus(
        n=n,
        r_exposure=pearson(-scored.means[:, 0], E),
        r_SR=r,
        r_SR_low=ends[0],
        r_SR_high=ends[1],
        sd=float(np.std(surplus, ddof=1)),
    )
    persons = pl.DataFrame(
        {
            "subject": scored.persons["subject"],
            "functioning": -scored.means[:, 0],
            "E": E,
            "surplus": surplus,
        }
    )
    return made, persons
