"""The report: what the backbone found, the analyses behind it, methods and provenance."""

from salutogen.report.context import Context
from salutogen.report.report import Report, build_report

__all__ = ["Context", "Report", "build_report"]
