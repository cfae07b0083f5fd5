"""The warning of a fit that did not settle; its result says so too."""


class ConvergenceWarning(UserWarning):
    """An optimisation stopped before its criterion settled; the result's `converged` is false."""
