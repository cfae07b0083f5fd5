"""Compile every kernel once, ahead of the first use, into the user's cache folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.models.compiling.background import (
    compile_here,
    compile_in_background,
    wait_for_kernels,
)
from salutogen.models.compiling.cache import K_MEANS, MIXTURES, NEEDED, PARTS, mark

if TYPE_CHECKING:
    from salutogen.models.k_means.model import Distance


def warm(*, everything: bool = True) -> None:
    """Compile kernels and keep the machine code in the user's cache folder.

    Those of classes are compiled in a second process meanwhile.

    Parameters
    ----------
    everything : bool
        Every kernel (default), or only those that every run needs.

    Notes
    -----
    Takes some seconds the first time and a fraction of one afterwards. Where the cache folder
    cannot be written, the kernels are compiled for this process alone.
    """
    if everything:
        compile_in_background(MIXTURES, K_MEANS)
    _compile(NEEDED)
    if everything:
        _warm_k_means("frechet")  # which no analysis of a study asks for
        _warm_structures()
        _warm_imputation()
        _warm_continuous_time()
        _warm_networks()
        wait_for_kernels(K_MEANS, MIXTURES)
        _compile(K_MEANS)  # a fraction of a second, unless the other process could not
        _compile(MIXTURES)


def compile_for_others(numbers: list[int]) -> None:
    """Compile some of `PARTS` in this order, and print a line after each."""
    for number in numbers:
        _compile(PARTS[number])
        print(number, flush=True)  # noqa: T201


def _compile(part: tuple[str, ...]) -> None:
    compile_here(part)
    if part == NEEDED:
        _warm_needed()
    elif part == K_MEANS:
        _warm_k_means("gower")
    else:
        _warm_mixtures()
    mark(part)


def _warm_needed() -> None:
    """Compile the kernels that every run needs by fits to a few rows."""
    import numpy as np

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


def _warm_k_means(distance: Distance) -> None:
    """Compile the kernels of longitudinal k-means by a fit to six persons."""
    from salutogen.models.k_means.model import LongitudinalKMeans

    rows = [[0, 1], [1, 1], [0, 0], [5, 6], [6, 6], [5, 5]]
    LongitudinalKMeans(classes=2, starts=2, distance=distance).fit(rows)


def _warm_mixtures() -> None:
    """Compile the kernels of growth mixtures by a fit to twelve persons."""
    from salutogen.models.mixture.model import GrowthMixture

    person = [i // 3 for i in range(36)]
    y = [(9.0 if i < 5 else 0.0) + (7 * row % 5) / 4 for row, i in enumerate(person)]
    rows = {"id": person, "t": [0.0, 1.0, 2.0] * 12, "y": y}
    GrowthMixture("y ~ t + (1 | id)", classes=2, starts=2).try_fit(rows)


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
