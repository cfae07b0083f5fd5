"""Standardised effects."""

from __future__ import annotations

from salutogen.analyses.change.paths import Path, path_table


def test_an_effect_is_told_in_sds_and_only_crossing_ones_are_adjusted() -> None:
    figures = {"lag": 2, "occasion": "T3", "estimate": 2.0, "se": 0.5, "low": 1.0, "high": 3.0}
    paths = [
        Path(source="x", outcome=name, p=0.01, **figures)  # type: ignore[arg-type]
        for name in ("x", "y")
    ]
    own, other = path_table({"m": paths}, {"x": 1.0, "y": 4.0}).iter_rows(named=True)
    assert own["p_adjusted"] is None
    assert other["p_adjusted"] == 0.01
    assert other["path"] == "x → y, lag 2, at T3"
    assert (other["standardised_low"], other["standardised_high"]) == (0.25, 0.75)
