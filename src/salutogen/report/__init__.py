"""From results to a page, figures and tables. Names load when they are used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salutogen.page.section import Figure, Section, Table
    from salutogen.report.report import Report, build_report

__all__ = ["Figure", "Report", "Section", "Table", "build_report"]

_HOMES = {
    "Figure": "salutogen.page.section",
    "Report": "salutogen.report.report",
    "Section": "salutogen.page.section",
    "Table": "salutogen.page.section",
    "build_report": "salutogen.report.report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
