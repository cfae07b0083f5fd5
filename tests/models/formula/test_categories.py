"""Order of categories: the same reference from every kind of frame, unused levels, new levels."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import GrowthMixture, MixedModel, Moments
from salutogen.models.mixed.structured.residual_structures import HeterogeneousVariance

LEVELS = ["placebo", "none", "active"]  # nobody has `none`; by alphabet `active` would come first
rng = np.random.default_rng(3)
PERSON = np.repeat(np.arange(30), 4)
ARM = np.where(PERSON % 3 == 0, "active", "placebo")
Y = 5 + 2.0 * (ARM == "active") + rng.normal(size=30)[PERSON] + rng.normal(size=120)
T = np.tile(np.arange(4.0), 30)


def plain():
    return {"id": PERSON, "t": T, "arm": ARM, "y": Y}


def enum():
    return pl.DataFrame(plain()).with_columns(pl.col("arm").cast(pl.Enum(LEVELS)))


def of_pandas(levels=LEVELS, **options):
    import pandas as pd

    frame = pd.DataFrame(plain())
    return frame.assign(arm=pd.Categorical(frame["arm"], categories=levels, **options))


def of_arrow(pieces=1):
    import pyarrow as pa

    codes = pa.array([LEVELS.index(arm) for arm in ARM], pa.int8())
    arm = pa.DictionaryArray.from_arrays(codes, pa.array(LEVELS))
    table = pa.table({**{n: v for n, v in plain().items() if n != "arm"}, "arm": arm})
    return pa.concat_tables([table[:50], table[50:]]) if pieces > 1 else table


def of_duckdb():
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.execute(f"CREATE TYPE arms AS ENUM {tuple(LEVELS)}")
    frame = pl.DataFrame(plain())  # noqa: F841  (DuckDB finds it by its name)
    return connection.sql("SELECT id, t, arm::arms AS arm, y FROM frame")


def of_arrays():
    import pandas as pd

    return {**plain(), "arm": pd.Categorical(ARM, categories=LEVELS)}


def of_pandas_with_arrow():
    import pandas as pd

    return of_arrow().to_pandas(types_mapper=pd.ArrowDtype)


FRAMES = {
    "polars": enum,
    "lazy polars": lambda: enum().lazy(),
    "pandas": of_pandas,
    "pandas, ordered": lambda: of_pandas(ordered=True),
    "pandas with arrow": of_pandas_with_arrow,
    "arrow": of_arrow,
    "arrow in pieces": lambda: of_arrow(2),
    "duckdb": of_duckdb,
    "arrays": of_arrays,
}


@pytest.mark.parametrize("kind", FRAMES)
@pytest.mark.parametrize("term", ["C(arm)", "arm", "arm * t", "arm + np.sin(t)"])
def test_the_first_declared_level_is_the_reference_in_every_kind_of_frame(kind, term):
    expected = MixedModel("y ~ active * t + (1 | id)" if "*" in term else
                          "y ~ active + np.sin(t) + (1 | id)" if "sin" in term else
                          "y ~ active + (1 | id)").fit(
        {**plain(), "active": (ARM == "active").astype(float)}
    )  # fmt: skip
    moments = Moments.from_frame(f"y ~ {term} + (1 | id)", FRAMES[kind]())
    result = MixedModel(f"y ~ {term} + (1 | id)").fit(moments)
    name = "C(arm)[T.active]" if term == "C(arm)" else "arm[T.active]"
    assert [n for n in result.terms if "arm" in n and "t" not in n.split("]")[-1]] == [name]
    np.testing.assert_allclose(result.coefficients, expected.coefficients, rtol=1e-6)
    lazy = kind in ("lazy polars", "duckdb")
    assert moments.path == (
        ("streamed" if "sin" in term else "pushed down") if lazy else "in memory"
    )
    assert [said for said in result.messages if "none" in said] == [
        "arm: no complete row has 'none', which the column declares: left out."
    ]


def test_a_reference_that_does_not_occur_is_said():
    result = MixedModel("y ~ arm + (1 | id)").fit(of_pandas(["none", "placebo", "active"]))
    assert result.terms == ("Intercept", "arm[T.active]")
    assert any("the reference is 'placebo'" in said for said in result.messages)


def test_text_and_polars_categoricals_declare_no_order():
    for column in (pl.col("arm"), pl.col("arm").cast(pl.Categorical)):
        frame = pl.DataFrame(plain()).with_columns(column)
        result = MixedModel("y ~ C(arm) + (1 | id)").fit(frame)
        assert result.terms == ("Intercept", "C(arm)[T.placebo]")
        assert not result.messages


def test_numbers_that_pandas_calls_categories_are_categories():
    import pandas as pd

    dose = np.where(ARM == "active", 10, 2.5)
    frame = {**plain(), "dose": pd.Categorical(dose, categories=[10, 2.5, 5])}
    result = MixedModel("y ~ dose + (1 | id)").fit(frame)
    assert result.terms == ("Intercept", "dose[T.2.5]")
    ours = result.predict({"dose": pd.Categorical([2.5, 10.0])})
    np.testing.assert_allclose(ours, result.predict({"dose": [2.5, 10.0]}))
    assert ours[0] - ours[1] == pytest.approx(result.fixed_effects["dose[T.2.5]"])


def test_predictions_keep_the_order_of_the_fit_and_refuse_new_levels_by_name():
    result = MixedModel("y ~ arm + (1 | id)").fit(of_pandas())
    low, high = result.predict({"arm": ["placebo", "active"]})
    assert high - low == pytest.approx(result.fixed_effects["arm[T.active]"])
    other = pl.DataFrame({"arm": ["active"]}, schema={"arm": pl.Enum(["active", "x", "placebo"])})
    assert result.predict(other)[0] == pytest.approx(high)
    for frame in ({"arm": ["placebo", "sham"]}, of_pandas(["sham", "placebo", "active"]).assign(
        arm="sham")):  # fmt: skip
        with pytest.raises(ModelError, match=r"arm: the fit knows no category 'sham'; it has 'pl"):
            result.predict(frame)


def test_persons_may_be_categories_of_any_order():
    labels = [f"p{i}" for i in range(30)]
    import pandas as pd

    frame = of_pandas().assign(id=pd.Categorical(np.array(labels)[PERSON], categories=labels[::-1]))
    result = MixedModel("y ~ arm + (1 | id)").fit(frame)
    known = result.predict(frame, random_effects=True)
    as_text = result.predict({"arm": ARM, "id": frame["id"]}, random_effects=True)
    np.testing.assert_allclose(known, as_text)
    assert result.random_effects()["id"].to_list() == sorted(labels)


def test_structures_and_mixtures_take_the_same_reference():
    frame = enum()
    unequal = MixedModel("y ~ arm + (1 | id)", residual=HeterogeneousVariance(by="arm"))
    assert unequal.fit(frame).terms == ("Intercept", "arm[T.active]")
    mixture = GrowthMixture(
        "y ~ arm + (1 | id)", classes=2, starts=2, membership="arm", shared=("arm[T.active]",)
    )
    fitted = mixture.try_fit(frame)
    assert fitted.membership.terms == ("Intercept", "arm[T.active]")
    shares = fitted.membership.shares({"arm": ["placebo", "active"]})
    np.testing.assert_allclose(shares, fitted.membership.shares(enum()[[1 * 4, 0]]))
    for refused in (fitted.membership.shares, fitted.predict):
        with pytest.raises(ModelError, match="arm: the fit knows no category 'sham'"):
            refused({"arm": ["sham"], "id": [1], "y": [1.0]})
    assert [said for said in fitted.messages if "none" in said] == [
        "arm: no complete row has 'none', which the column declares: left out."
    ] * 2


def test_levels_that_lose_their_rows_to_missing_values_are_left_out():
    frame = enum().with_columns(
        y=pl.when(pl.col("arm") == "placebo").then(None).otherwise("y"),
        arm=pl.col("arm").cast(pl.String),
    ).with_columns(
        arm=pl.when(pl.col("t") > 1).then(pl.lit("none")).otherwise("arm").cast(pl.Enum(LEVELS))
    )  # fmt: skip
    result = MixedModel("y ~ arm + (1 | id)").fit(frame)
    assert result.terms == ("Intercept", "arm[T.active]")
    assert any("'placebo'" in said and "the reference is 'none'" in said
               for said in result.messages)  # fmt: skip
