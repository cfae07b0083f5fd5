"""Weights against products by hand, post-stratification, and differences of the coefficients."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.dropout.weights import DropoutWeights, dropout_weights, lost_after
from tests.models.dropout.panels import Panel, panel


def weights_of(data: Panel, **more: float) -> DropoutWeights:
    columns = np.column_stack([data.y, data.x])
    return dropout_weights(
        person=data.person, occasion=data.occasion, end=data.end, predictors=columns,
        names=["y", "x"], n_persons=data.n, **more,
    )  # fmt: skip


def test_a_gap_is_no_loss_and_who_is_seen_at_the_end_is_not_lost() -> None:
    person = np.array([0, 0, 0, 1, 1, 2, 3, 3])
    occasion = np.array([0, 1, 3, 0, 2, 3, 0, 4])
    lost = lost_after(person, occasion, end=3)
    assert lost.tolist() == [False, False, False, False, True, False, False, False]


def test_weights_are_products_of_chances_over_the_occasions_before() -> None:
    data = panel(60)
    found = weights_of(data, truncate=0.0)
    risk = np.flatnonzero(data.occasion < data.end)
    for row in range(0, data.person.size, 7):
        before = [
            place
            for place, at in enumerate(risk)
            if data.person[at] == data.person[row] and data.occasion[at] < data.occasion[row]
        ]
        own = np.prod((1 - found.plain.chance[before]) / (1 - found.hazard.chance[before]))
        assert found.values[row] == pytest.approx(own)
    assert found.n_truncated == 0
    assert found.values[data.occasion == 0] == pytest.approx(1.0)
    wide = found.wide(5)
    assert wide[data.person, data.occasion] == pytest.approx(found.values)
    assert np.isnan(wide).sum() == wide.size - data.person.size


def test_two_occasions_and_a_group_give_post_stratification() -> None:
    """Whoever is left of a group stands for its lost: exactly the group's share at first."""
    rng = np.random.default_rng(4)
    group = np.repeat([0.0, 1.0], [120, 80])
    stays = rng.random(200) < np.where(group > 0, 0.4, 0.8)
    person = np.concatenate([np.arange(200), np.flatnonzero(stays)])
    occasion = np.repeat([0, 1], [200, int(stays.sum())])
    order = np.lexsort((occasion, person))
    person, occasion = person[order], occasion[order]
    found = dropout_weights(
        person=person, occasion=occasion, end=1, predictors=group[person][:, None],
        names=["group"], truncate=0.0,
    )  # fmt: skip
    end = occasion == 1
    for value in (0.0, 1.0):
        own = found.values[end & (group[person] == value)]
        assert own == pytest.approx(stays.mean() / stays[group == value].mean())
    assert np.average(group[person][end], weights=found.values[end]) == pytest.approx(0.4)
    assert found.values[end].mean() == pytest.approx(1.0)
    share = found.values[end].sum() ** 2 / np.sum(found.values[end] ** 2)
    assert found.effective_n(1) == pytest.approx(share)


def test_truncation_moves_each_occasion_to_its_own_percentiles() -> None:
    data = panel()
    found = weights_of(data, truncate=0.05)
    for at in range(1, 5):
        own = data.occasion == at
        low, high = np.quantile(found.untruncated[own], [0.05, 0.95])
        assert found.values[own].min() == pytest.approx(low)
        assert found.values[own].max() == pytest.approx(high)
    moved = found.values != found.untruncated
    assert found.n_truncated == moved.sum() > 0
    assert (found.slopes[moved] == 0).all()


def test_slopes_are_derivatives_by_the_coefficients_of_both_hazards() -> None:
    data = panel(80)
    found = weights_of(data, truncate=0.0)
    risk = np.flatnonzero(data.occasion < data.end)
    blocks = len(found.plain.names)
    plain = np.log(found.plain.chance / (1 - found.plain.chance))
    full = np.log(found.hazard.chance / (1 - found.hazard.chance))
    X = np.column_stack([data.y, data.x])[risk]
    step = 1e-6
    for place in (blocks, blocks + 1):
        moved = 1 / (1 + np.exp(-(full + step * X[:, place - blocks])))
        ratio = np.zeros(data.person.size)
        ratio[risk] = np.log1p(-1 / (1 + np.exp(-plain))) - np.log1p(-moved)
        again = [
            np.exp(ratio[(data.person == person) & (data.occasion < at)].sum())
            for person, at in zip(data.person, data.occasion, strict=True)
        ]
        slope = (np.array(again) - found.values) / step
        assert found.slopes[:, place] == pytest.approx(slope, abs=1e-4)


def test_places_find_rows_and_refuse_others() -> None:
    data = panel(60)
    found = weights_of(data)
    chosen = np.array([5, 0, 17])
    assert found.places(data.person[chosen], data.occasion[chosen]).tolist() == chosen.tolist()
    with pytest.raises(ModelError, match="no weight"):
        found.places(np.array([0]), np.array([99]))


def test_rows_out_of_order_and_nobody_lost_are_refused() -> None:
    data = panel(60)
    with pytest.raises(ModelError, match="sorted"):
        dropout_weights(person=[1, 0], occasion=[0, 0], end=1, predictors=np.ones((2, 1)),
                        names=["x"])  # fmt: skip
    kept = data.occasion == 0
    with pytest.raises(ModelError, match="Nobody"):
        dropout_weights(person=data.person[kept], occasion=data.occasion[kept], end=0,
                        predictors=data.y[kept][:, None], names=["y"])  # fmt: skip


def test_baseline_in_the_numerator_leaves_means_selected_on_it() -> None:
    """Weights that baseline stabilises vary less, and do not balance it."""
    data = panel(400)
    factor = data.factor[data.person]
    both = {
        name: dropout_weights(
            person=data.person, occasion=data.occasion, end=data.end, truncate=0.0,
            predictors=np.column_stack([data.y, factor]), names=["y", "factor"],
            baseline=baseline, n_persons=data.n,
        )
        for name, baseline in (("occasions", None), ("baseline", factor[:, None]))
    }  # fmt: skip
    end = data.occasion == data.end
    means = {name: np.average(factor[end], weights=one.values[end]) for name, one in both.items()}
    assert abs(means["occasions"] - data.factor.mean()) < 0.08
    assert means["baseline"] > means["occasions"] + 0.1
    assert both["baseline"].values.std() < both["occasions"].values.std()
