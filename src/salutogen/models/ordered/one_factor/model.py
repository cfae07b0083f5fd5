"""Whether ordered items measure one thing alike over occasions and in groups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.ordered.answers import Categories, categories_of
from salutogen.models.ordered.one_factor.comparison import OrderedComparison, compare_ordered_fits
from salutogen.models.ordered.one_factor.fit import OrderedFit, fit_plan
from salutogen.models.ordered.one_factor.result import OrderedInvarianceResult
from salutogen.models.ordered.one_factor.search import Sample, sample_of
from salutogen.models.ordered.one_factor.shifts import OrderedShifts
from salutogen.models.ordered.one_factor.specification import OrderedPlan
from salutogen.models.ordered.polychoric import polychoric
from salutogen.models.sem.one_factor.item_tests import FEWEST_EQUAL, Fitting, test_items
from salutogen.models.sem.one_factor.model import read_places, refuse_items
from salutogen.models.sem.one_factor.shifts import Place
from salutogen.models.sem.one_factor.specification import in_group
from salutogen.models.sem.reading import Panel

Float = NDArray[np.float64]

FEWEST_OF_TWO = 3  # items that must be equal where all have two categories


@dataclass(frozen=True, kw_only=True)
class OrderedInvariance:
    """One factor behind several items with ordered answers, and whether these measure alike.

    Behind each answer is a normal response; the answer says between which thresholds it lies.
    Models hold more and more equal over occasions and groups: *configural* nothing, *thresholds*,
    *metric* loadings too (so that associations can be compared), *scalar* intercepts of responses
    too (so that means can be compared). Thresholds alone can be tested only where an item has four
    categories, loadings where one has three; steps that test nothing are left out. Scales of
    responses are free in all of them but at the first place (Wu & Estabrook 2016). Then each item
    is tested: thresholds and loadings of its own against those that hold everywhere.

    Parameters
    ----------
    items : sequence of str
        Three or more columns whose numbers are ordered categories.
    person : str
    occasion : str, optional
        Column of occasions; residuals of an item then go together over occasions.
    group : str, optional
        Column of groups, such as sites or languages.
    own : sequence of str
        Items that keep thresholds and loadings of their own in every model.
    fewest : int
        Persons who must use a category at every occasion and in every group; one of fewer is
        joined with a neighbour, everywhere, if that hides no difference (`categories_of`). Default
        5.

    Notes
    -----
    Thresholds and polychoric correlations are found in two steps and fitted by diagonally weighted
    least squares, with robust errors and tests adjusted in mean and variance (delta
    parametrisation; numbers agree with lavaan's WLSMV). Missing answers are left out pair by pair,
    which is right where who misses does not depend on what was or would have been answered.
    Parameters are called ``threshold(item|1)``, ``loading(item)``, ``intercept(item)``,
    ``scale(item)`` (one divided by the response's SD), ``var(factor)``, ``mean(factor)``, with
    ``@occasion`` and ``[group]`` where these differ. At the first place the factor has mean 0 and
    SD 1, and so have responses.
    """

    items: tuple[str, ...]
    person: str
    occasion: str | None = None
    group: str | None = None
    own: tuple[str, ...] = ()
    fewest: int = 5

    def __post_init__(self) -> None:
        """Take lists as tuples."""
        for name in ("items", "own"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))

    def fit(self, data: Any) -> OrderedInvarianceResult:
        """Fit all models to a frame with a row per person, or per person and occasion.

        Raises
        ------
        ModelError
            Settings or columns that cannot be used, one occasion and one group, items with too many
            or too few categories, categories that one place lacks and another has, answers that go
            together perfectly, more parameters than persons.
        """
        refuse_items(self.items, self.own)
        if self.fewest < 1:
            raise ModelError(f"fewest: expected 1 or more, got {self.fewest}.")
        panel = read_places(
            data, self.items, person=self.person, occasion=self.occasion, group=self.group
        )
        categories = {item: self._categories(panel, item) for item in self.items}
        plan = OrderedPlan(
            items=self.items,
            n_thresholds=tuple(categories[item].n_thresholds for item in self.items),
            occasions=panel.occasions,
            own=self.own,
        )
        samples = [self._sample(panel, number, categories) for number in range(len(panel.groups))]
        fit = partial(fit_plan, samples=samples, groups=panel.groups, said=panel.messages)
        fits = {step: fit(replace(plan, step=step)) for step in plan.steps}
        fitting = Fitting(
            fit=fit,
            free=lambda plan, item: replace(plan, own=(*plan.own, item)),
            compare=_settled_test,
            parts=partial(OrderedShifts, categories=categories, standard=Place(0, panel.groups[0])),
            groups=panel.groups,
            fewest_equal=FEWEST_EQUAL if max(plan.n_thresholds) > 1 else FEWEST_OF_TWO,
        )
        tested = test_items(fitting, replace(plan, step="scalar"), fits["scalar"])
        return OrderedInvarianceResult(
            fits=fits,
            items=tested.items,
            shifts=tested.shifts,
            sums=tested.sums,
            partial=tested.partial,
            categories=categories,
            corrected=tuple(
                in_group(pair, group)
                for one, group in zip(samples, panel.groups, strict=True)
                for pair in one.observed.corrected
            ),
        )

    def _categories(self, panel: Panel, item: str) -> Categories:
        answers = panel.repeated[item]
        places = [
            answers[panel.group == group, t]
            for group in range(len(panel.groups))
            for t in range(len(panel.occasions))
        ]
        return categories_of(places, fewest=self.fewest, item=item)

    def _sample(self, panel: Panel, group: int, categories: dict[str, Categories]) -> Sample:
        here = panel.group == group
        codes, sizes, names = [], [], []
        for t, label in enumerate(panel.occasions):
            for item, own in categories.items():
                codes.append(own.numbers(panel.repeated[item][here, t]))
                sizes.append(len(own.values))
                names.append(f"{item}@{label}" if len(panel.occasions) > 1 else item)
        return sample_of(polychoric(np.stack(codes, axis=1), sizes, names))


def _settled_test(smaller: OrderedFit, larger: OrderedFit) -> OrderedComparison:
    """Test an item's own parameters; refuse where its model was not found."""
    test = compare_ordered_fits(smaller, larger)
    if not np.isfinite(test.p_value):
        raise ModelError("The search for a model did not settle: nothing can be told from it.")
    return test
