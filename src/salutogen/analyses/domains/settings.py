"""What a study file says about domains."""

from __future__ import annotations

from pydantic import Field

from salutogen.analyses.contract import AnalysisSettings


class DomainsSettings(AnalysisSettings):
    """SR of several kinds of problems, and who is resilient in all of them."""

    domains: tuple[str, ...] | None = Field(
        default=None,
        min_length=2,
        description="Problem instruments, subscales (`instrument_subscale`) or other scales that "
        "are answered at each occasion; default: the study's problem instruments, or the "
        "subscales of its one.",
    )
    below: float = Field(
        default=0.0,
        ge=0,
        description="Resilient in a domain: SR below the line by more than this many SDs of SR; "
        "at 0, about half of the persons by construction.",
    )
    bootstrap: int = Field(
        default=1000, ge=100, le=10_000, description="Draws of persons for intervals."
    )
