"""Seeded panels, and each model in lavaan's syntax: ``python cases.py FOLDER`` writes both.

The syntax is that of Hamaker, Kuiper & Grasman (2015) with a label for each parameter; the names
that this package gives to the labels are written beside it.
"""

from __future__ import annotations

import re
import sys
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np


def panel(n, occasions, outcomes, seed, missing=0.0, tails=0.0):
    """Persons × occasions × outcomes with levels, lags, and tails heavier than normal."""
    rng = np.random.default_rng(seed)
    k = outcomes
    draw = lambda *size: rng.normal(size=size) if not tails else rng.standard_t(tails, size=size)  # noqa: E731
    mixing = np.linalg.cholesky(np.full((k, k), 0.4) + 0.6 * np.eye(k))
    level = draw(n, k) @ mixing.T
    lags = np.full((k, k), 0.1) + 0.25 * np.eye(k)
    lags[0, -1] += 0.1
    deviation = draw(n, k)
    values = np.empty((n, occasions, k))
    for t in range(occasions):
        if t:
            deviation = deviation @ lags.T + draw(n, k) @ mixing.T * (0.8 + 0.05 * t)
        values[:, t] = 4 + 0.3 * t + level + deviation
    values *= np.linspace(1.0, 6.0, k)
    if missing:
        values[rng.random((n, occasions)) < missing] = np.nan
        values[rng.random(n) < missing / 2, 0, -1] = np.nan
        values[rng.random(n) < missing / 3, -1] = np.nan
    return values


def with_covariates(values, seed):
    """A covariate of persons and one of occasions, both centred, and a group."""
    rng = np.random.default_rng(seed)
    n, occasions, _ = values.shape
    age = rng.normal(size=n) * 3
    sleep = rng.normal(size=(n, occasions)) + 0.2 * age[:, None]
    values = values + 0.15 * age[:, None, None] + 0.4 * sleep[:, :, None]
    gone = np.isnan(values).all(axis=2)
    sleep[gone | (rng.random(sleep.shape) < 0.04)] = np.nan
    kept = ~gone.all(axis=1)
    age -= age[kept].mean()
    sleep -= np.nanmean(sleep)
    return values, {"age": age, "sleep": sleep}


def changing(n, occasions, outcomes, seed, missing, tails):
    """True scores that change by a constant part and in proportion to scores, seen with error."""
    rng = np.random.default_rng(seed)
    now = rng.multivariate_normal([20, 15], [[4, 1], [1, 3]], size=n)
    constant = rng.multivariate_normal([3, 1], [[0.4, 0.1], [0.1, 0.3]], size=n)
    values = np.empty((n, occasions, outcomes))
    for t in range(occasions):
        if t:
            now = now + constant + now @ np.array([[-0.12, 0.05], [-0.03, -0.08]]).T
        values[:, t] = now + rng.standard_t(tails, size=(n, 2)) * [0.8, 0.6]
    values[rng.random((n, occasions)) < missing] = np.nan
    return values


CASES = {
    "complete": {"data": (240, 4, 2, 1, 0.0, 5), "model": {}},
    "missing": {"data": (300, 4, 2, 2, 0.2, 5), "model": {}},
    "free": {"data": (300, 4, 2, 3, 0.15, 8), "model": {"lags": "free"}},
    "held": {
        "data": (280, 4, 2, 4, 0.15, 0),
        "model": {"residuals": "equal", "means": "equal"},
    },
    "plain": {"data": (300, 4, 2, 5, 0.2, 6), "model": {"random_intercepts": False}},
    "three": {"data": (350, 4, 3, 6, 0.15, 0), "model": {"residuals": "equal"}},
    "two back": {"data": (300, 5, 2, 7, 0.1, 0), "model": {"lag": 2}},
    "covariates": {
        "data": (320, 4, 2, 8, 0.15, 0),
        "model": {"covariates": ("age",), "time_varying": ("sleep",)},
    },
    "groups": {
        "data": (300, 4, 2, 19, 0.1, 0),
        "model": {"group": "arm", "equal_groups": ("lags",)},
    },
    "reliable": {
        "data": (400, 4, 2, 10, 0.15, 0),
        "model": {"reliability": {"x": 0.85, "y": 0.9}},
    },
    "some held": {
        "data": (450, 4, 2, 23, 0.1, 7),
        "model": {
            "lags": ("y<-x", "x<-x"),
            "residuals": ("resid(x)", "resid(x,y)"),
            "means": ("mean(y)",),
        },
    },
    "change": {
        "data": (250, 5, 2, 11, 0.1, 6),
        "model": {
            "effects": ("change(x)<-x", "change(y)<-y", "change(y)<-x", "change(x)<-change(x)")
        },
    },
}  # persons, occasions, outcomes, seed, share missing, degrees of freedom of the tails


def wide(case):
    """Columns by name (n,): x1, y1, …, and those of covariates and groups."""
    model = CASES[case]["model"]
    values = (changing if "effects" in model else panel)(*CASES[case]["data"])
    more = {}
    if "covariates" in model:
        values, more = with_covariates(values, 100)
    columns = {
        f"{'xyz'[j]}{t + 1}": values[:, t, j]
        for t in range(values.shape[1])
        for j in range(values.shape[2])
    }
    if more:
        columns["age"] = more["age"]
        columns |= {f"sleep{t + 1}": more["sleep"][:, t] for t in range(values.shape[1])}
    if "group" in model:
        columns["arm"] = np.array(["a", "b"])[np.arange(len(values)) % 3 // 2]
    # Who has nothing at all is left out by both programs.
    kept = np.isfinite(values).any(axis=(1, 2))
    return {name: column[kept] for name, column in columns.items()}


def long(case):
    """The same with a row per person and occasion."""
    columns = wide(case)
    occasions = CASES[case]["data"][1]
    n = len(columns["x1"])
    found = {"id": np.repeat(np.arange(n), occasions), "wave": np.tile(range(1, occasions + 1), n)}
    for name in ("x", "y", "z", "sleep"):
        if f"{name}1" in columns:
            table = [columns[f"{name}{t + 1}"] for t in range(occasions)]
            found[name] = np.stack(table, axis=1).ravel()
    for name in ("age", "arm"):
        if name in columns:
            found[name] = np.repeat(columns[name], occasions)
    return found


# Of one case's data: what the smaller model holds equal or leaves out, and the larger does not.
PAIRS = {
    "equal lags": ("free", {}, {"lags": "free"}),
    "equal residuals": ("complete", {"residuals": "equal", "means": "equal"}, {}),
    "no levels": ("plain", {"random_intercepts": False}, {}),
    "no levels, two back": ("two back", {"random_intercepts": False, "lag": 2}, {"lag": 2}),
}


class Syntax:
    """Lines of lavaan's syntax; each name of ours gets a label."""

    def __init__(self, groups):
        self.lines = []
        self.labels = {}
        self.groups = groups

    def add(self, left, operator, right, name, shared=True):
        """One free parameter; in groups its own, unless shared."""
        names = [name] if not self.groups or shared else [f"{name} [{g}]" for g in self.groups]
        labels = [self.labels.setdefault(one, f"q{len(self.labels)}q") for one in names]
        labels *= len(self.groups or "1") if len(labels) == 1 else 1
        prefix = labels[0] if len(labels) == 1 else f"c({','.join(labels)})"
        self.lines.append(f"{left} {operator} {prefix}*{right}")


def syntax(case, model=None):
    """The model in lavaan's syntax (``@VAR(x1)@`` where a sample variance is needed)."""
    _, occasions, k, *_ = CASES[case]["data"]
    model = CASES[case]["model"] if model is None else model
    names, lag = "xyz"[:k], model.get("lag", 1)
    has_levels = model.get("random_intercepts", True)
    told = Syntax(["a", "b"] if "group" in model else [])
    if "effects" in model:
        _changes(told, names, occasions, model["effects"])
        return told
    add, lines = told.add, told.lines

    def at(kind, name, t):
        held = model.get(kind, "equal" if kind == "lags" else "free")
        return f"@{t}" if held == "free" or (held != "equal" and name not in held) else ""

    for name in names:
        reliability = model.get("reliability", {}).get(name)
        for t in range(1, occasions + 1):
            lines.append(f"w{name}{t} =~ 1*{name}{t}")
            error = 0 if reliability is None else f"@{1 - reliability}*VAR({name}{t})@"
            lines.append(f"{name}{t} ~~ {error}*{name}{t}")
            ours = f"mean({name})"
            add(f"{name}{t}", "~", "1", ours + at("means", ours, t), shared=False)
        if has_levels:
            loadings = " + ".join(f"1*{name}{t}" for t in range(1, occasions + 1))
            lines.append(f"l{name} =~ {loadings}")
    pairs = list(combinations_with_replacement(names, 2))
    for a, b in pairs if has_levels else []:
        add(f"l{a}", "~~", f"l{b}", f"var({a})" if a == b else f"cov({a},{b})", shared=False)
    first = [(name, t) for t in range(1, lag + 1) for name in names]
    for (a, s), (b, t) in combinations_with_replacement(first, 2):
        ours = f"resid({a})@{s}" if a == b else f"resid({a},{b})@{s}"
        ours = ours if s == t else f"resid({a}@{s},{b}@{t})"
        add(f"w{a}{s}", "~~", f"w{b}{t}", ours, shared=False)
    for t in range(lag + 1, occasions + 1):
        for a in names:
            for b in names:
                for back in range(1, lag + 1):
                    ours = f"{a}<-{b}" + (f"[lag {back}]" if back > 1 else "")
                    add(f"w{a}{t}", "~", f"w{b}{t - back}", ours + at("lags", ours, t))
        for a, b in pairs:
            ours = f"resid({a})" if a == b else f"resid({a},{b})"
            add(f"w{a}{t}", "~~", f"w{b}{t}", ours + at("residuals", ours, t), shared=False)
    if "covariates" in model:
        _covariates(told, names, occasions)
    return told


def _covariates(told, names, occasions):
    outer = [(f"sleep{t}", f"sleep@{t}") for t in range(1, occasions + 1)] + [("age", "age")]
    for (a, ours), (b, other) in combinations_with_replacement(outer, 2):
        told.add(a, "~~", b, f"var({ours})" if a == b else f"cov({ours},{other})")
    for a, ours in outer:
        told.add(a, "~", "1", f"mean({ours})")
    for name in names:
        told.add(f"l{name}", "~", "age", f"{name}<-age")
        for t in range(1, occasions + 1):
            told.add(f"{name}{t}", "~", f"sleep{t}", f"{name}<-sleep")
            told.add(f"l{name}", "~~", f"sleep{t}", f"cov({name},sleep@{t})")


def _changes(told, names, occasions, effects):
    add, lines = told.add, told.lines
    for name in names:
        for t in range(1, occasions + 1):
            lines.append(f"t{name}{t} =~ 1*{name}{t}")
            add(f"{name}{t}", "~~", f"{name}{t}", f"error({name})")
            if t > 1:
                lines += [f"d{name}{t} =~ 1*t{name}{t}", f"t{name}{t} ~ 1*t{name}{t - 1}"]
                lines += [f"d{name}{t} ~~ 0*d{name}{t}", f"t{name}{t} ~~ 0*t{name}{t}"]
        lines.append(f"s{name} =~ " + " + ".join(f"1*d{name}{t}" for t in range(2, occasions + 1)))
    for t in range(1, occasions + 1):
        add(f"x{t}", "~~", f"y{t}", "error(x,y)")
    for t in range(2, occasions + 1):
        for to in names:
            for source in names:
                if f"change({to})<-{source}" in effects:
                    add(f"d{to}{t}", "~", f"t{source}{t - 1}", f"change({to})<-{source}")
                if f"change({to})<-change({source})" in effects and t > 2:
                    ours = f"change({to})<-change({source})"
                    add(f"d{to}{t}", "~", f"d{source}{t - 1}", ours)
    persons = [(f"start({name})", f"t{name}1") for name in names]
    persons += [(f"slope({name})", f"s{name}") for name in names]
    persons.sort(key=lambda one: one[0][6])
    for (one, a), (two, b) in combinations_with_replacement(persons, 2):
        add(a, "~~", b, f"var({one})" if a == b else f"cov({one},{two})")
    for one, a in persons:
        add(a, "~", "1", f"mean({one})")


def items():
    """Five items of one factor in two sites; the third is answered higher in the second site."""
    rng = np.random.default_rng(12)
    n = 400
    site = np.arange(n) % 2
    factor = rng.normal(size=n) + 0.4 * site
    loadings, intercepts = np.array([1, 0.8, 0.9, 0.7, 1.1]), np.array([2, 1, 1.5, 2.5, 2])
    values = intercepts + np.outer(factor, loadings) + 0.7 * rng.standard_t(6, size=(n, 5))
    values[:, 2] += 0.6 * site
    values[rng.random(values.shape) < 0.06] = np.nan
    columns = {f"i{j + 1}": values[:, j] for j in range(5)}
    return {"id": np.arange(n), "site": np.array(["a", "b"])[site]} | columns


def items_over_time():
    """Four items at three occasions; the second is answered higher at the last one."""
    rng = np.random.default_rng(14)
    n, times = 300, 3
    factor = rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, times)) + 0.3 * np.arange(times)
    own = 0.5 * rng.normal(size=(n, 1, 4)) + 0.6 * rng.standard_t(6, size=(n, times, 4))
    values = np.array([2, 1, 1.5, 2.5]) + factor[:, :, None] * [1, 0.8, 0.9, 0.7] + own
    values[:, -1, 1] += 0.4
    values[rng.random(values.shape) < 0.05] = np.nan
    columns = {f"i{j + 1}": values[:, :, j].ravel() for j in range(4)}
    return {"id": np.repeat(np.arange(n), times), "wave": np.tile(np.arange(times), n)} | columns


def items_by_occasion():
    """The same with a column for each item and occasion."""
    columns = items_over_time()
    return {
        f"i{j}_{t}": columns[f"i{j}"][columns["wave"] == t] for t in range(3) for j in range(1, 5)
    }


def write(path, columns):
    """A file of columns, missing values as NA."""
    rows = [",".join(columns)]
    for values in zip(*columns.values(), strict=True):
        cells = (v if isinstance(v, str) else "NA" if v != v else repr(float(v)) for v in values)
        rows.append(",".join(cells))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def main(folder):
    """Write data, syntax and names of every case."""
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    write(folder / "items.csv", items())
    write(folder / "items_by_occasion.csv", items_by_occasion())
    for case in CASES:
        stem = case.replace(" ", "_")
        write(folder / f"{stem}.csv", wide(case))
        told = syntax(case)
        (folder / f"{stem}.lav").write_text("\n".join(told.lines) + "\n", encoding="utf-8")
        names = "\n".join(f"{label}\t{name}" for name, label in told.labels.items())
        (folder / f"{stem}.names").write_text(names + "\n", encoding="utf-8")
    for number, (case, smaller, larger) in enumerate(PAIRS.values()):
        write(folder / f"pair{number}.csv", wide(case))
        lines = "\n".join(syntax(case, larger).lines) + "\n"
        (folder / f"pair{number}.larger").write_text(lines, encoding="utf-8")
        if smaller.get("random_intercepts", True):
            lines = "\n".join(syntax(case, smaller).lines) + "\n"
        else:  # levels that do not vary, so that both models have the same variables
            lines = re.sub(r"(?m)^(l\w) ~~ \w+\*(l\w)$", r"\1 ~~ 0*\2", lines)
        (folder / f"pair{number}.smaller").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
