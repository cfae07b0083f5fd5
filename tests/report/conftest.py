"""Reports built once from made-up results, for every test that only reads them."""

from __future__ import annotations

import pytest

from salutogen import Results
from salutogen.report import Report
from tests.blank_figures import drawn_figures
from tests.report.cohorts import make_results


@pytest.fixture(scope="session")
def shown_results() -> Results:
    """A cohort of 60 persons who may be shown."""
    return make_results()


@pytest.fixture(scope="session")
def shown_report(shown_results: Results) -> Report:
    with drawn_figures():
        return shown_results.report()


@pytest.fixture(scope="session")
def hidden_results() -> Results:
    """A cohort of 400 persons who may not be shown."""
    return make_results(n_persons=400, individuals="hide")


@pytest.fixture(scope="session")
def hidden_report(hidden_results: Results) -> Report:
    with drawn_figures():
        return hidden_results.report()


@pytest.fixture(scope="session")
def bare_report() -> Report:
    """One occasion, no windows, no mixed line, no variants, no checks."""
    with drawn_figures():
        return make_results(n_persons=230, n_occasions=1, bare=True).report()
