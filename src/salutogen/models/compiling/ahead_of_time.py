"""Compile every kernel once, ahead of the first use, into the user's cache folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.models.compiling.cache import (
    MIXTURES,
    NEEDED,
    mark,
    wait_for_kernels,
    warm_mixtures_in_background,
)

if TYPE_CHECKING:
    from salutogen.models.k_means.model import Distance


def warm(*, everything: bool = True, classes: bool = False) -> None:
    """Compile kernels and keep the machine code in the user's cache folder.

    Those of growth mixtures are compiled in a second process meanwhile.

    Parameters
    ----------
    everything : bool
        Every kernel (default), or only those that every run needs.
    classes : bool
        Also those of a run that looks for classes, where not everything is asked for; the run
        goes on while growth mixtures are compiled.

    Notes
    -----
    Takes some seconds the first time and a fraction of one afterwards. Where the cache folder
    cannot be written, the kernels are compiled for this process alone.
    """
    import numpy as np

    if everything or classes:
        warm_mixtures_in_background()
    from salutogen.models.moments import _kernels_reduction as kernels_of_rows
    from salutogen.models.resampling import _kernels_bootstrap as kernels_of_draws

    columns = np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 3.0], [1.0, 2.0, 2.0], [1.0, 4.0, 7.0]])
    codes = np.array([0, 0, 1, 1], dtype=np.int64)
    packed = kernels_of_draws.group_cross_products(columns, codes, 2)
    states = np.arange(2, dtype=np.uint64)
    drawn, errors = np.empty((2, 2)), np.empty((2, 2))
    kernels_of_draws.bootstrap_coefficients(0, 2, packed, 3, states, np.eye(2), drawn, errors)
    kernels_of_draws.leave_one_out(packed, 3, np.empty((len(packed), 2)))
    kernels_of_draws.bootstrap_totals(0, 2, packed, states, np.empty((2, 6)))
    from salutogen.models.mixed.model import MixedModel
    from salutogen.models.person_levels.model import fit_person_levels

    rows = {"id": [1, 1, 1, 2, 2, 2, 3, 3, 3], "t": [0, 1, 2] * 3, "y": [1, 2, 4, 3, 5, 6, 0, 2, 2]}
    MixedModel("y ~ t + (1 | id)").fit(rows)
    fit_person_levels(rows["y"], rows["id"], rows["t"])
    kernels_of_rows.sort_by_code(codes[::-1].copy(), 2)  # rows in any order
    mark(NEEDED)
    if everything or classes:
        _warm_k_means("gower")
    if everything:
        _warm_k_means("frechet")  # which no analysis of a study asks for
        _warm_structures()
        _warm_imputation()
        _warm_continuous_time()
        _warm_networks()
        wait_for_kernels()
        warm_mixtures()  # a fraction of a second, unless the other process could not


def _warm_k_means(distance: Distance) -> None:
    """Compile the kernels of longitudinal k-means by a fit to six persons."""
    from salutogen.models.k_means.model import LongitudinalKMeans

    rows = [[0, 1], [1, 1], [0, 0], [5, 6], [6, 6], [5, 5]]
    LongitudinalKMeans(classes=2, starts=2, distance=distance).fit(rows)


def warm_mixtures() -> None:
    """Compile the kernels of growth mixtures by a fit to twelve persons."""
    from salutogen.models.mixture.model import GrowthMixture

    person = [i // 3 for i in range(36)]
    y = [(9.0 if i < 5 else 0.0) + (7 * row % 5) / 4 for row, i in enumerate(person)]
    rows = {"id": person, "t": [0.0, 1.0, 2.0] * 12, "y": y}
    GrowthMixture("y ~ t + (1 | id)", classes=2, starts=2).try_fit(rows)
    mark(MIXTURES)


def _warm_structures() -> None:
    """Compile the kernels of sites and of residual structures by fits to sixteen persons."""
    import numpy as np

    from salutogen.models.mixed.model import MixedModel
    from salutogen.models.mixed.structured.residual_structures import ContinuousAR1

    t, person = np.tile([0.0, 1.0, 2.0], 16), np.repeat(np.arange(16), 3)
    y = np.sin(3.0 * np.arange(48)) + np.sin(person) + np.sin(person // 4) + t
    frame = {"id": person, "site": person // 4, "t": t, "y": y}
    MixedModel("y ~ t + (1 | id) + (1 | site)", residual=ContinuousAR1("t")).fit(frame)


def _warm_imputation() -> None:
    """Compile the kernel of chained equations by completing eight persons."""
    import numpy as np

    from salutogen.models.imputation.chained import ChainedImputation

    values = np.sin(3.0 * np.arange(16.0)).reshape(8, 2)
    values[0, 1] = np.nan
    ChainedImputation(imputations=1, iterations=1).fit(values)


def _warm_continuous_time() -> None:
    """Compile the kernels of continuous time by a likelihood of four persons."""
    import numpy as np

    from salutogen.models.state_space.layout import Layout
    from salutogen.models.state_space.problem import Problem
    from salutogen.models.state_space.reading import read_rows
    from salutogen.models.state_space.starts import rough_start

    t, person = np.tile([0.0, 1.0, 3.0], 4), np.repeat(np.arange(4), 3)
    rows = {"id": person, "t": t, "x": np.sin(3.0 * np.arange(12)), "u": np.cos(2.0 * person)}
    for moderated in ((), (("x<-x", "u"),)):  # exponentials by eigenvalues, and by series
        layout = Layout(
            processes=("x",), inputs=(), pulses=(), measured_with_error=(), random_means=True,
            free_first=False, moderated=moderated,
        )  # fmt: skip
        problem = Problem(layout, read_rows(rows, layout, "id", "t").rows)
        problem.at(rough_start(layout, problem.rows, 0.0, 1.0))


def _warm_networks() -> None:
    """Compile the kernels of the graphical lasso by a network of two variables."""
    import numpy as np

    from salutogen.models.networks.graphical_lasso import GraphicalLasso

    GraphicalLasso(n_penalties=2).fit(np.sin(3.0 * np.arange(16.0)).reshape(8, 2))
