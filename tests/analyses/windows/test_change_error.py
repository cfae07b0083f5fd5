"""Changes whose error, or whose ratio to a standardised one, cannot be told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.analyses.inputs import inputs_of
from tests.analyses.windows.test_change import found, leaving


def test_no_change_at_all_is_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of exactly 0 has no ratio of raw to standardised change; it has a spread."""
    from salutogen.analyses.windows import change

    estimates = change._estimates

    def nothing(*given: Any) -> dict[str, Any]:
        made = estimates(*given)
        return {**made, "model": made["model"] * 0.0, "standardised": made["standardised"] * 0.0}

    monkeypatch.setattr(change, "_estimates", nothing)
    told = found(inputs_of(leaving(120)))
    assert told.estimate == 0.0
    assert told.standardised == 0.0


def test_a_variance_below_zero_is_no_error() -> None:
    from salutogen.analyses.windows.change_error import contrast_of

    made = contrast_of(1.0, np.empty(0), 20, 0.1, by_model=-0.2)
    assert made is not None
    assert made.se is None
    assert made.interval is None
    known = contrast_of(1.0, np.empty(0), 20, 0.1, by_model=0.15)
    assert known is not None
    assert known.se == pytest.approx(0.5)
