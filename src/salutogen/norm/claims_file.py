"""What a line says of exposure, as plain data of `norm.json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from salutogen.models.regression.explained import ExplainedShare
from salutogen.norm.line_claims import Change, Expected, ExposureTest, LineClaims


def claims_to_dict(claims: LineClaims) -> dict[str, Any]:
    """Turn a line's claims into plain data; what is unknown is null."""
    share = claims.share
    return {
        "exposure_r_squared": share.share,
        "exposure_r_squared_adjusted": share.adjusted,
        "exposure_r_squared_interval": None if share.interval is None else list(share.interval),
        "exposure_r_squared_by_type": dict(claims.share_by_type),
        "exposure_test": None if claims.test is None else claims.test.to_dict(),
        "expected_at": {name: place.to_dict() for name, place in claims.at.items()},
        "expected_change": claims.change.to_dict(),
        "covariance_robust": [
            [value if math.isfinite(value) else None for value in row]
            for row in claims.covariance.tolist()
        ],
        "df": claims.df,
        "df_by_term": claims.term_df.tolist(),
        "interval": claims.interval,
    }


def claims_from_dict(item: Mapping[str, Any]) -> LineClaims:
    """Read a line's claims back.

    Raises
    ------
    KeyError, TypeError, ValueError
        Something is missing or of another kind.
    """
    covariance = np.array(
        [
            [math.nan if value is None else float(value) for value in row]
            for row in item["covariance_robust"]
        ]
    )
    # Files of earlier versions have the fewest of exposure's terms for all.
    term_df = item.get("df_by_term") or [item["df"]] * len(covariance)
    low, high = item["exposure_r_squared_interval"] or (None, None)
    return LineClaims(
        covariance=covariance,
        df=float(item["df"]),
        term_df=np.array(term_df, dtype=float),
        interval=str(item["interval"]),
        share=ExplainedShare(
            float(item["exposure_r_squared"]),
            float(item["exposure_r_squared_adjusted"]),
            None if low is None else float(low),
            None if high is None else float(high),
        ),
        share_by_type=dict(item["exposure_r_squared_by_type"]),
        at={name: Expected(**place) for name, place in item["expected_at"].items()},
        change=Change(**item["expected_change"]),
        test=None if item["exposure_test"] is None else ExposureTest(**item["exposure_test"]),
    )
