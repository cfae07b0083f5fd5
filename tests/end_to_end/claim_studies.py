"""Small studies whose truth is known, and everything that their report says in prose."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import polars as pl

import salutogen as sg
from salutogen.page.words import MINUS
from salutogen.report import Context
from salutogen.report.opening import summarise
from salutogen.report.report import analysis_sections
from salutogen.report.sections.backbone import closing_sections, opening_sections
from salutogen.study import read_study

PERSONS = 140
CENTRE = 12.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way a study may be asked and what is true in it."""

    shape: str = "linear"
    relation: str = "rising"
    covariate: bool = False
    types: int = 1
    combine: str = "sum"
    reliability: bool = False
    lasting: float = 3.0
    reference: str = "all"
    occasions: int = 4

    @property
    def name(self) -> str:
        """The case in one word, for test ids."""
        return "-".join(str(value) for value in vars(self).values())


def every_case() -> list[Case]:
    """Shapes × relations × covariates × types × reliability × lasting × reference × occasions."""
    found = []
    for shape, relation, covariate, (
        types,
        combine,
    ), reliability, lasting, reference, occasions in product(
        ("linear", "quadratic", "spline", "test"),
        ("rising", "none", "u-shaped", "falling"),
        (False, True),
        ((1, "sum"), (2, "sum"), (2, "composite"), (2, "separate")),
        (False, True),
        (0.0, 3.0),
        ("all", "window", "arm"),
        (1, 4),
    ):
        if reference == "window" and occasions == 1:
            continue
        found.append(
            Case(
                shape=shape,
                relation=relation,
                covariate=covariate,
                types=types,
                combine=combine,
                reliability=reliability,
                lasting=lasting,
                reference=reference,
                occasions=occasions,
            )
        )
    return found


def some_cases(n: int, seed: int = 9) -> list[Case]:
    """A seeded choice in which every value of every setting stands with every other."""
    cases = every_case()
    order = np.random.default_rng(seed).permutation(len(cases))
    chosen: list[Case] = []
    seen: set[tuple[tuple[str, Any], tuple[str, Any]]] = set()
    for place in order:
        settings = list(vars(cases[place]).items())
        pairs = {(a, b) for at, a in enumerate(settings) for b in settings[at + 1 :]}
        if not pairs <= seen and len(chosen) < n:
            chosen.append(cases[place])
            seen |= pairs
    return chosen


def plan_of(case: Case) -> dict[str, Any]:
    """The study file of a case."""
    dep: dict[str, Any] = {
        "columns": "DEP",
        "measures": "problems",
        "answers": "0..90",
        "higher": "worse",
    }
    if case.reliability:
        dep["reliability"] = 0.9
    types = [f"ev{place}" for place in range(1, case.types + 1)]
    events = {"measures": "exposure", "answers": "0..60", "did_not_occur": 0, "recall": "1 month"}
    plan: dict[str, Any] = {
        "salutogen": 1,
        "title": "Claims",
        "occasions": {"every": "1 month", "count": case.occasions},
        "sources": {"answers": {"person": "pid", "occasion": "wave"}},
        "background": {
            "sex": {"column": "sex", "kind": "category"},
            "arm": {"column": "arm", "kind": "category"},
        },
        "instruments": {
            "dep": dep,
            **{name: {"columns": name.upper(), **events} for name in types},
        },
        "problems": "dep",
        "exposure": {"types": types, "score": "severity", "combine": case.combine},
        "norm": {"unit": "person", "shape": case.shape},
        "resilience": {"bootstrap": 100},
    }
    if case.occasions == 1:
        plan["resilience"]["windows"] = None
    else:
        plan["resilience"]["windows"] = {"width": 2, "step": 1, "valid": 1}
    if case.covariate:
        plan["norm"]["covariates"] = ["sex"]
    if case.reference == "window":
        plan["norm"]["reference"] = {"window": 1}
    if case.reference == "arm":
        plan["arms"] = {"column": "arm", "control": "control"}
        plan["norm"]["reference"] = {"arm": "control"}
    return plan


def answers_of(case: Case, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Answers in which problems go with exposure as the case says, and what of persons lasts."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(PERSONS), case.occasions)
    rate = rng.gamma(8.0, CENTRE / 8.0, PERSONS)
    E = [rng.poisson(rate[person] / case.types) for _ in range(case.types)]
    total = np.sum(E, axis=0)
    along = {
        "rising": 0.6 * total,
        "falling": -0.6 * total,
        "none": 0.0 * total,
        "u-shaped": 0.12 * (total - CENTRE) ** 2,
    }[case.relation]
    sex = rng.integers(0, 2, PERSONS)
    lasting = case.lasting * rng.standard_normal(PERSONS)
    P = 28.0 + along + 6.0 * sex[person] + lasting[person] + 4.0 * rng.standard_normal(person.size)
    answers = pl.DataFrame(
        {
            "pid": [f"p{index:03d}" for index in person],
            "wave": np.tile(np.arange(1, case.occasions + 1), PERSONS),
            "sex": [("m", "f")[value] for value in sex[person]],
            "arm": [("control", "active")[index % 2] for index in person],
            "DEP": np.clip(np.rint(P), 0, 90).astype(int),
            **{f"EV{place + 1}": values for place, values in enumerate(E)},
        }
    )
    return answers, lasting


@dataclass(frozen=True, kw_only=True)
class Told:
    """A run and its prose: what it opens with, its findings, and the paragraphs of the page."""

    case: Case
    answers: pl.DataFrame
    lasting: np.ndarray
    results: Any
    numbers: dict[str, Any]
    opening: str
    findings: dict[str, str]
    page: str

    @property
    def everything(self) -> str:
        """All prose at once."""
        return "\n".join([self.opening, *self.findings.values(), self.page])


def told(case: Case, seed: int = 1) -> Told:
    """Run a case and gather what is said."""
    answers, lasting = answers_of(case, seed)
    results = sg.run(read_study(plan_of(case)), data={"answers": answers})
    context = Context.of(
        results.backbone,
        results.context,
        outcomes=results.analyses,
        findings=results.findings,
        provenance=results.provenance,
    )
    made = [*opening_sections(context), *analysis_sections(context), *closing_sections(context)]
    sections, _ = context.guard.sections(made)
    words = [str(text) for section in sections for text in section.paragraphs]
    words += [str(figure.description) for section in sections for figure in section.figures]
    return Told(
        case=case,
        answers=answers,
        lasting=lasting,
        results=results,
        numbers=results.to_dict(),
        opening="\n".join(summarise(context).answer).replace(MINUS, "-"),
        findings={item.code: item.text for item in results.findings},
        page="\n".join(words).replace(MINUS, "-"),
    )


def percentages(text: str, after: str) -> list[float]:
    """Shares in percent that follow some words within a sentence."""
    pattern = rf"{after}[^.]{{0,60}}?(-?\d+(?:\.\d+)?) %"
    return [float(value) for value in re.findall(pattern, text)]
