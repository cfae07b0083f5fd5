"""Lines of independent or clustered rows, robust lines, splines and tests of their residuals."""
