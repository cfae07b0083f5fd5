"""Whether items measure one thing alike over occasions and in groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ModelError
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.sem.comparison import compare_structural_fits
from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.fitting import refuse_unknown_errors
from salutogen.models.sem.inference import Errors
from salutogen.models.sem.one_factor.result import ITEM_COLUMNS, InvarianceResult
from salutogen.models.sem.one_factor.specification import (
    Plan,
    latent_variables,
    observed_variables,
    write_entries,
)
from salutogen.models.sem.panel_fit import fit_panel
from salutogen.models.sem.reading import Panel, read_panel
from salutogen.models.sem.result import StructuralFit
from salutogen.models.sem.samples import Sample, scaling_of

FEWEST = 3  # items
STEPS = ("configural", "metric", "scalar")
LEVEL = 0.05  # false-discovery rate at which an item is called


@dataclass(frozen=True, kw_only=True)
class MeasurementInvariance:
    """One factor behind several items, and whether these measure alike.

    Three models are fitted: *configural* (each occasion and group has its own loadings and
    intercepts), *metric* (loadings are equal, so that associations can be compared) and *scalar*
    (intercepts too, so that means can be compared). Then each item is tested: loadings and
    intercepts of its own against those that hold everywhere, the other items being equal. The
    clearest item that is not alike is left out of that standard, and the others are tested again.

    Parameters
    ----------
    items : sequence of str
        Three or more columns with many ordered values (five or more categories, or sums of items).
    person : str
    occasion : str, optional
        Column of occasions; loadings may then differ over them, and residuals of an item go
        together over occasions.
    group : str, optional
        Column of groups, such as sites or languages.
    own : sequence of str
        Items that keep loadings and intercepts of their own in every model (partial invariance).
    standard_errors : str
        `expected`, `observed` (default) or `robust`: then tests are scaled, which items with few
        categories or skewed answers need.

    Notes
    -----
    Parameters are called ``loading(item)``, ``intercept(item)``, ``resid(item)``, ``var(factor)``,
    ``mean(factor)``, with ``@occasion`` and ``[group]`` where these differ. The first item that is
    not `own` carries the factor's unit (loading 1, intercept 0).
    """

    items: tuple[str, ...]
    person: str
    occasion: str | None = None
    group: str | None = None
    own: tuple[str, ...] = ()
    standard_errors: Errors = "observed"

    def __post_init__(self) -> None:
        """Take lists as tuples."""
        for name in ("items", "own"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))

    def fit(self, data: Any) -> InvarianceResult:
        """Fit all models to a frame with a row per person, or per person and occasion.

        Raises
        ------
        ModelError
            Settings or columns that cannot be used, one occasion and one group, items that do not
            vary, items that can be computed from each other, more parameters than persons.
        """
        self._refuse_settings()
        panel = read_panel(
            data,
            person=self.person,
            occasion=self.occasion,
            repeated=self.items,
            constant=(),
            group=self.group,
        )
        if len(panel.occasions) * len(panel.groups) < 2:
            raise ModelError(
                "There is one occasion and one group: nothing to compare. Name the column of "
                "several in `occasion` or `group`."
            )
        plan = Plan(items=self._in_order(self.items), occasions=panel.occasions, own=self.own)
        plans = (
            plan,
            replace(plan, equal_loadings=True),
            replace(plan, equal_loadings=True, equal_intercepts=True),
        )
        fits = dict(zip(STEPS, (self._fit(panel, one) for one in plans), strict=True))
        return InvarianceResult(fits=fits, items=self._test_items(panel, plans[2], fits["scalar"]))

    def _in_order(self, items: tuple[str, ...]) -> tuple[str, ...]:
        """Items with one first that carries the factor's unit."""
        first = next(item for item in items if item not in self.own)
        return (first, *(item for item in items if item != first))

    def _fit(self, panel: Panel, plan: Plan) -> StructuralFit:
        def write(draft: Draft, sample: Sample) -> None:
            write_entries(draft, plan, sample)

        # An intercept depends on where a score is 0: nothing is centred.
        common = fit_panel(
            panel,
            scaling_of(panel, centred=False),
            observed_variables(plan),
            latent_variables(plan),
            write,
            group=self.group,
            shared=(),
            errors=self.standard_errors,
        )
        return StructuralFit(title="One-factor model", **common)

    def _test_items(self, panel: Panel, scalar: Plan, equal: StructuralFit) -> pl.DataFrame:
        """Find items that are not alike, the clearest first, each then left out of the standard."""
        found: dict[str, dict[str, Any]] = {}
        while len(scalar.items) - len(scalar.own) > 2:
            tests = self._test_each(panel, scalar, equal)
            clearest = min(tests, key=lambda item: (np.isnan(tests[item]["p_adjusted"]),
                                                    -tests[item]["chi_square"]))  # fmt: skip
            biased = bool(tests[clearest]["p_adjusted"] < LEVEL)
            found |= tests if not biased else {clearest: tests[clearest]}
            if not biased:
                break
            found[clearest]["biased"] = True
            own = (*scalar.own, clearest)
            first = next(item for item in scalar.items if item not in own)
            rest = tuple(item for item in scalar.items if item != first)
            scalar = replace(scalar, items=(first, *rest), own=own)
            equal = self._fit(panel, scalar)
        rows = [{"item": item, **found[item]} for item in self.items if item in found]
        return pl.DataFrame(rows, schema=ITEM_COLUMNS).with_columns(
            pl.col(pl.Float64).fill_nan(None)
        )

    def _test_each(
        self, panel: Panel, scalar: Plan, equal: StructuralFit
    ) -> dict[str, dict[str, Any]]:
        """Each item's own loadings and intercepts against those that hold everywhere."""
        tests: dict[str, dict[str, Any]] = {}
        for item in scalar.items:
            if item in scalar.own:
                continue
            # Another item carries the unit, and the item is free against all others.
            others = [one for one in scalar.items if one != item]
            first = next(one for one in others if one not in scalar.own)
            rest = tuple(one for one in (*others, item) if one != first)
            free = replace(scalar, items=(first, *rest), own=(*scalar.own, item))
            test = compare_structural_fits(equal, self._fit(panel, free))
            tests[item] = {"chi_square": test.chi_square, "df": test.df, "p_value": test.p_value}
        adjusted = adjusted_p([row["p_value"] for row in tests.values()])
        for row, p in zip(tests.values(), adjusted.tolist(), strict=True):
            row |= {"p_adjusted": p, "biased": False}
        return tests

    def _refuse_settings(self) -> None:
        refuse_unknown_errors(self.standard_errors)
        problems = []
        if len(set(self.items)) < max(FEWEST, len(self.items)):
            problems.append(f"items: expected at least {FEWEST} columns, each once.")
        wrong = [item for item in self.own if item not in self.items]
        if wrong:
            problems.append(f"own: {', '.join(wrong)} are no items.")
        if len(self.items) - len(self.own) < 2:
            problems.append("own: at least two items must be equal, to compare the others with.")
        if problems:
            raise ModelError(" ".join(problems))
