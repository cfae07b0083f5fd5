"""Whether items measure one thing alike over occasions and in groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from salutogen.errors import ModelError
from salutogen.models.sem.comparison import compare_structural_fits
from salutogen.models.sem.drafting import Draft
from salutogen.models.sem.fitting import refuse_unknown_errors
from salutogen.models.sem.inference import Errors
from salutogen.models.sem.one_factor.item_tests import Fitting, test_items
from salutogen.models.sem.one_factor.result import InvarianceResult
from salutogen.models.sem.one_factor.shifts import Shifts
from salutogen.models.sem.one_factor.specification import (
    Plan,
    latent_variables,
    observed_variables,
    write_entries,
)
from salutogen.models.sem.panel_fit import fit_panel
from salutogen.models.sem.reading import Panel, read_panel
from salutogen.models.sem.result import StructuralFit
from salutogen.models.sem.samples import Sample, Samples, samples_of

FEWEST = 3  # items
STEPS = ("configural", "metric", "scalar", "strict")
ONE_PLACE = (
    "There is one occasion and one group: nothing to compare. Name the column of several in "
    "`occasion` or `group`."
)


@dataclass(frozen=True, kw_only=True)
class MeasurementInvariance:
    """One factor behind several items, and whether these measure alike.

    Three models are fitted: *configural* (each occasion and group has its own loadings and
    intercepts), *metric* (loadings are equal, so that associations can be compared) and *scalar*
    (intercepts too, so that means can be compared); with `strict` a fourth one (variances of
    residuals too, so that scatter can be compared). Then each item is tested: loadings and
    intercepts of its own against those that hold everywhere, the other items being equal. The
    clearest item that is not alike is left out of that standard, and the others are tested again.
    What items that are not alike do to the mean of the sum of all items is told in its units.

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
    strict : bool
        Whether to fit a model in which variances of residuals are equal as well.
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
    strict: bool = False
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
        refuse_unknown_errors(self.standard_errors)
        refuse_items(self.items, self.own)
        panel = read_places(
            data, self.items, person=self.person, occasion=self.occasion, group=self.group
        )
        plan = Plan(items=self.items, occasions=panel.occasions, own=self.own)
        scalar = replace(plan, equal_loadings=True, equal_intercepts=True)
        plans = [plan, replace(plan, equal_loadings=True), scalar]
        if self.strict:
            plans.append(replace(scalar, equal_residuals=True))
        # An intercept depends on where a score is 0: nothing is centred.
        samples = samples_of(panel, observed_variables(plan), centred=False)
        fit = partial(self._fit, panel, samples)
        fits = dict(zip(STEPS, map(fit, plans), strict=False))
        fitting = Fitting(
            fit=fit,
            free=lambda plan, item: replace(plan, own=(*plan.own, item)),
            compare=compare_structural_fits,
            parts=Shifts,
            groups=panel.groups,
        )
        tested = test_items(fitting, scalar, fits["scalar"])
        return InvarianceResult(
            fits=fits,
            items=tested.items,
            shifts=tested.shifts,
            sums=tested.sums,
            partial=tested.partial,
        )

    def _fit(self, panel: Panel, samples: Samples, plan: Plan) -> StructuralFit:
        def write(draft: Draft, sample: Sample) -> None:
            write_entries(draft, plan, sample)

        common = fit_panel(
            panel,
            samples,
            latent_variables(plan),
            write,
            group=self.group,
            shared=(),
            errors=self.standard_errors,
        )
        return StructuralFit(title="One-factor model", **common)


def read_places(
    data: Any, items: tuple[str, ...], *, person: str, occasion: str | None, group: str | None
) -> Panel:
    """Read items at occasions and in groups; refuse a single place, with nothing to compare."""
    panel = read_panel(
        data, person=person, occasion=occasion, repeated=items, constant=(), group=group
    )
    if len(panel.occasions) * len(panel.groups) < 2:
        raise ModelError(ONE_PLACE)
    return panel


def refuse_items(items: tuple[str, ...], own: tuple[str, ...]) -> None:
    """Refuse too few items, and too few that could be equal.

    Raises
    ------
    ModelError
        Says all that is wrong.
    """
    problems = []
    if len(set(items)) < max(FEWEST, len(items)):
        problems.append(f"items: expected at least {FEWEST} columns, each once.")
    wrong = [item for item in own if item not in items]
    if wrong:
        problems.append(f"own: {', '.join(wrong)} are no items.")
    if len(items) - len(own) < 2:
        problems.append("own: at least two items must be equal, to compare the others with.")
    if problems:
        raise ModelError(" ".join(problems))
