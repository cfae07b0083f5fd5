"""The analysis of domains: SR by kind of problems, and the share that is resilient in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.domains.scored import score_domains
from salutogen.analyses.domains.settings import DomainsSettings
from salutogen.analyses.domains.shares import (
    BELOW,
    DOMAIN_COLUMNS,
    JOINT_COLUMNS,
    PROFILE_COLUMNS,
    shares_of,
)
from salutogen.analyses.scales import NamedScale, named_scale
from salutogen.columns import LESS_RESILIENT, Column, Kind, beside, figure, record, rows
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import pearson
from salutogen.page.words import say
from salutogen.resilience.levels import COLUMNS

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

FEWEST = 20
PAIR_COLUMNS = (
    Column(name="domain", meaning="Domain", heading="Domain", kind=Kind.LABEL),
    Column(name="other", meaning="Another domain", heading="Other domain", kind=Kind.LABEL),
    Column(
        name="r", meaning="Correlation of SR over persons, answers' error left in",
        heading="r of SR",
    ),
)  # fmt: skip
PERSON_COLUMNS = (
    *(item for item in COLUMNS["person"] if item.name in ("subject", "n_valid", "E")),
    Column(name="SR_<domain>",
           meaning="SR of one domain, by a line of its own; scales of wellbeing are turned round",
           unit="points of the domain", sign=LESS_RESILIENT, kind=Kind.PERSON),
    Column(name="clear_<domain>", meaning="Clearly below the line in this domain",
           unit="true/false", kind=Kind.PERSON),
    Column(name="n_below", meaning="Domains in which SR lies below the line", unit="domains",
           kind=Kind.PERSON),
)  # fmt: skip


@record
class DomainsResult(AnalysisResult):
    """SR by kind of problems over the same persons; positive = less resilient."""

    n: int = figure("Persons with E and every domain", unit="persons", kind=Kind.COUNT)
    limit: float = figure("SDs of SR below the line from which on a person counts")
    draws: int = figure("Draws of persons for intervals")
    domains: pl.DataFrame = rows("Who lies below the line, by domain", DOMAIN_COLUMNS)
    joint: pl.DataFrame = rows("Who does in all domains, and in any", JOINT_COLUMNS)
    profile: pl.DataFrame = rows("Persons by their number of domains", PROFILE_COLUMNS)
    correlations: pl.DataFrame = rows("How SR of the domains goes together", PAIR_COLUMNS)
    persons: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Shares by domain, and in all."""
        from salutogen.analyses.domains.section import domains_section

        return (domains_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """SR of each person in each domain."""
        return {"domains.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS)}

    def answer(self) -> Text:
        """Say how many lie below the line in all domains, beside what unrelated domains give."""
        row = self.joint.filter(criterion=BELOW).row(0, named=True)
        return say(
            "{all:# person|# persons} of {n} had fewer problems than expected{limit} in all {k} "
            "domains, {beyond} the {chance} that unrelated domains would give.",
            all=Persons(row["n_all"], of=self.n),
            n=Persons(self.n),
            k=self.profile.height - 1,
            limit="" if self.limit == 0 else f" by more than {self.limit:g} SDs of SR",
            beyond="clearly more than"
            if row["beyond_low"] > 0
            else "clearly fewer than"
            if row["beyond_high"] < 0
            else "not clearly more or fewer than",
            chance=Persons(round(row["chance_all"] * self.n)),
        )

    def methods(self) -> Text:
        """Say how domains were scored and who counts."""
        return (
            f"Each domain has a line of its own over the same persons' means. Persons count as "
            f"clearly below by a false-discovery rate of 5 % over all persons and domains, with "
            f"the error of a person's level (fluctuation over occasions and line). Intervals are "
            f"percentile intervals of {self.draws} draws of persons, lines fitted anew."
        )


def compute(inputs: AnalysisInputs, settings: DomainsSettings) -> DomainsResult:
    """Score each domain, count who lies below in one, any and all, and compare with chance."""
    found = Findings()
    scales = [named_scale(inputs, name) for name in _names(inputs, settings, found)]
    _require_distinct(inputs, scales, found)
    scores = score_domains(inputs, scales)
    n, p = scores.X.shape
    if n < max(FEWEST, p + 1):
        found.tell("too-few-for-domains", n=Persons(n), least=max(FEWEST, p + 1))
        found.raise_refusals(AnalysisError)
    names = [scale.name for scale in scales]
    _require_varying(scores.means, names, found)
    shares = shares_of(
        scores, names, limit=settings.below, draws=settings.bootstrap, seed=inputs.run.seed
    )
    _tell(names, shares.told, scores.told, found)
    persons = scores.persons.select("subject", "n_valid", "E").with_columns(
        *(pl.Series(f"SR_{name}", scores.SR[:, place]) for place, name in enumerate(names)),
        *(pl.Series(f"clear_{name}", shares.clear[:, place]) for place, name in enumerate(names)),
        pl.Series("n_below", shares.below.sum(axis=1)),
    )
    return DomainsResult(
        n=n,
        limit=settings.below,
        draws=settings.bootstrap,
        domains=shares.domains,
        joint=shares.joint,
        profile=shares.profile,
        correlations=pl.DataFrame(
            [
                {"domain": one, "other": other, "r": pearson(scores.SR[:, i], scores.SR[:, j])}
                for i, one in enumerate(names)
                for j, other in enumerate(names)
                if i < j
            ]
        ),
        persons=persons,
        findings=tuple(found),
    )


def _names(inputs: AnalysisInputs, settings: DomainsSettings, found: Findings) -> tuple[str, ...]:
    """Domains as set, else the study's problem instruments, else the subscales of its one."""
    if settings.domains is not None:
        repeated = [name for name in settings.domains if settings.domains.count(name) > 1]
        if repeated:
            found.tell("domain-twice", names=sorted(set(repeated)))
        found.raise_refusals(AnalysisError)
        return settings.domains
    problems = inputs.study.problems.instruments
    if len(problems) > 1:
        return tuple(problems)
    parts = tuple(inputs.study.subscale_names.values())
    if len(parts) < 2:
        found.tell("one-domain", problems=problems[0])
        found.raise_refusals(AnalysisError)
    return parts


def _require_distinct(inputs: AnalysisInputs, scales: list[NamedScale], found: Findings) -> None:
    for scale in scales:
        measures = "" if scale.instrument is None else scale.instrument.measures
        if scale.name in inputs.study.exposure_types or measures in ("exposure", "adversity"):
            found.tell("domain-is-exposure", name=scale.name)
        elif measures in ("resource", "trait", "risk"):
            found.tell("domain-is-a-factor", name=scale.name, measures=measures)
    found.raise_refusals(AnalysisError)


def _require_varying(means: object, names: list[str], found: Findings) -> None:
    import numpy as np

    flat = [
        name
        for name, values in zip(names, np.asarray(means).T, strict=True)
        if float(np.ptp(values)) <= 1e-12 * max(1.0, float(np.abs(values).max()))
    ]
    if flat:
        found.tell("domain-never-varies", names=flat)
    found.raise_refusals(AnalysisError)


def _tell(
    names: list[str], told: tuple[bool, ...], levels: tuple[bool, ...], found: Findings
) -> None:
    once = [name for name, known in zip(names, levels, strict=True) if not known]
    alike = [
        name for name, known, good in zip(names, levels, told, strict=True) if known and not good
    ]
    if once:
        found.tell("domain-seen-once", names=once)
    if alike:
        found.tell("domain-levels-alike", names=alike)
