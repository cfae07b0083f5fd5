"""What is known of one item."""

from __future__ import annotations

from dataclasses import dataclass

from salutogen.study.format import Objectivity, Size


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """What is known of one item; None where nothing is."""

    domain: str | None = None
    size: Size | None = None
    population: str | None = None
    objectivity: Objectivity | None = None
    source: str | None = None
