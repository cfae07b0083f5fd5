"""Effects of one variable on another an occasion later: rows of a table, whatever the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.holm import holm
from salutogen.columns import Column, Kind

Float = NDArray[np.float64]

LEVEL = 0.05
SDS = "SDs over persons and occasions"
RANDOM = "random intercepts"
PLAIN = "without random intercepts"
REGRESSION = "lagged regression"
ONE_STEP = "one step: P given E"
WITHOUT_ERROR = "without error of measurement"
MODELS = (RANDOM, PLAIN, REGRESSION, ONE_STEP, WITHOUT_ERROR)

EFFECT_COLUMNS = (
    Column(name="path", meaning="From which variable to which", heading="Effect", kind=Kind.LABEL),
    Column(name="source", meaning="Variable at the earlier occasion", heading="From",
           kind=Kind.LABEL),
    Column(name="outcome", meaning="Variable at the later occasion", heading="On", kind=Kind.LABEL),
    Column(name="lag", meaning="How many occasions lie between", unit="occasions", heading="Lag",
           kind=Kind.LABEL),
    Column(name="occasion", meaning="Later occasion, where effects are not equal over occasions",
           heading="At", kind=Kind.LABEL),
    Column(name="estimate", heading="Effect", unit="points of the later per point of the earlier",
           meaning="How much higher the later variable is where the earlier was one higher"),
    Column(name="se", meaning="Its standard error", heading="SE",
           unit="points of the later per point of the earlier"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from",
           unit="points of the later per point of the earlier"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to",
           unit="points of the later per point of the earlier"),
    Column(name="p", meaning="p value", heading="p"),
    Column(name="p_adjusted", heading="p (Holm)",
           meaning="p value adjusted for all effects of one variable on another in the model"),
    Column(name="standardised", heading="In SDs", unit=SDS,
           meaning="The effect in SDs over persons and occasions, which are taken as known"),
    Column(name="standardised_low", meaning="Lower end of its interval", unit=SDS, heading="from"),
    Column(name="standardised_high", meaning="Upper end of its interval", unit=SDS, heading="to"),
)  # fmt: skip
PATH_COLUMNS = (
    Column(name="model", meaning="Model", heading="Model", kind=Kind.LABEL),
    *EFFECT_COLUMNS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One effect, as a model estimates it; `occasion` is empty where it is that of all."""

    source: str
    outcome: str
    lag: int
    occasion: str
    estimate: float
    se: float
    low: float
    high: float
    p: float

    @property
    def told(self) -> str:
        """Words for the effect: which variable on which, how far back, and when."""
        back = f", lag {self.lag}" if self.lag > 1 else ""
        at = f", at {self.occasion}" if self.occasion else ""
        return f"{self.source} → {self.outcome}{back}{at}"

    @property
    def crosses(self) -> bool:
        """Whether it leads from one variable to another."""
        return self.source != self.outcome


def path_table(models: Mapping[str, Sequence[Path]], spread: Mapping[str, float]) -> pl.DataFrame:
    """Rows of all models, standardised by the SD (over persons and occasions) of each variable."""
    rows: list[dict[str, object]] = []
    for model, paths in models.items():
        adjusted = holm([one.p if one.crosses else np.nan for one in paths])
        for one, p in zip(paths, adjusted, strict=True):
            scale = spread[one.source] / spread[one.outcome]
            rows.append(
                {
                    "model": model, "path": one.told, "source": one.source,
                    "outcome": one.outcome, "lag": one.lag, "occasion": one.occasion or None,
                    "estimate": one.estimate, "se": one.se, "low": one.low, "high": one.high,
                    "p": one.p, "p_adjusted": p if one.crosses else None,
                    "standardised": one.estimate * scale,
                    "standardised_low": one.low * scale,
                    "standardised_high": one.high * scale,
                }
            )  # fmt: skip
    texts = ("model", "path", "source", "outcome", "occasion")
    schema = {
        column.name: pl.String if column.name in texts
        else pl.Int64 if column.name == "lag" else pl.Float64
        for column in PATH_COLUMNS
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None))
