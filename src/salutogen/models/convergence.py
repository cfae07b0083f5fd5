"""The warning of a fit that did not settle; its result says so too."""

from __future__ import annotations


class ConvergenceWarning(UserWarning):
    """An optimisation stopped before its criterion settled; the result's `converged` is false."""
