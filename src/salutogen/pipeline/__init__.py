"""From a study and its answers to results, and the folder they are written to."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salutogen.pipeline.pipeline import run
    from salutogen.pipeline.results import Results

__all__ = ["Results", "run"]

_HOME = {"Results": "salutogen.pipeline.results", "run": "salutogen.pipeline.pipeline"}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
