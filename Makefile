# make install   the environment alone, in .venv
# make demo      simulate the shipped example cohort, run it, say where the report is
# make test      the test suite          make lint    ruff and mypy
# make lengthy   tests that simulate many studies, or ask at length what shorter ones ask, too (minutes)
# make random-studies   10,000 random valid studies, before a release (hours; goes on where it ended)
# make every-claim      what the report says of 2,560 studies whose truth is known (hours)
# make docs      the documentation       make bench   the measurements behind claims of speed
# make test-spark   the test of Spark frames, with Spark installed for it (needs Java)
# make lock      renew the pinned versions (the only target that changes them)
# make clean     remove everything these targets made
#
# Assumed: make, Python >= 3.12 and a package index. make PYTHON=/path/to/python names a Python.

SHELL = /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install test test-spark lengthy random-studies every-claim lint demo docs lock bench clean

export UV_PYTHON_DOWNLOADS = never
export UV_NO_PROGRESS = 1

BIN = .venv/bin
PYTEST_ARGS ?= -n auto --dist loadfile
PERSONS ?= 400
STUDIES ?= 10000
KERNELS = $(shell find src/salutogen/models -name "_kernels*.py")

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

install: .venv/.warm

# The environment: exactly the locked packages, each checked against its hash.
.venv/.locked: requirements/lock.txt requirements/uv.txt .python-version
	@set -eu; \
	python=$$(sh requirements/find-python); \
	uv=$$(sh requirements/find-uv "$$python"); \
	if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null; then \
	    "$$uv" venv --quiet --clear --python "$$python" .venv; \
	fi; \
	"$$uv" pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes \
	    requirements/lock.txt
	@touch $@

# The project itself, editable, without asking the index for anything.
.venv/.project: .venv/.locked pyproject.toml
	@uv=$$(sh requirements/find-uv "$$(sh requirements/find-python)") && \
	"$$uv" pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Compile the numerical kernels once; they are kept in the user's cache folder.
.venv/.warm: .venv/.project $(KERNELS)
	@$(BIN)/salutogen warm
	@touch $@

test: install
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not lengthy"

lengthy: install
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m lengthy

# Spark is large and needs a Java runtime, so its test is asked for by name.
test-spark: install
	@uv=$$(sh requirements/find-uv "$$(sh requirements/find-python)") && \
	"$$uv" pip install --quiet --python $(BIN)/python --require-hashes \
	    -r requirements/spark.txt
	$(BIN)/python -m pytest tests/models/moments/test_lazy_frames.py -k spark

# Each gives results or a worded refusal; what fails is printed with the numbers that repeat it.
random-studies: install
	$(BIN)/python -m tests.end_to_end.random_studies --to $(STUDIES)

every-claim: install
	SALUTOGEN_CLAIMS=all $(BIN)/python -m pytest $(PYTEST_ARGS) tests/end_to_end/test_claims.py

lint: .venv/.project
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

demo: install
	@rm -rf demo/data
	@$(BIN)/salutogen simulate examples/cohort/study.yaml --persons $(PERSONS) --seed 1 --out demo/data
	@$(BIN)/salutogen run examples/cohort/study.yaml --data demo/data --out demo/report --seed 1 --force
	@echo "The report: $(CURDIR)/demo/report/report.html"

docs: install
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html
	@echo "The documentation: $(CURDIR)/docs/_build/html/index.html"

lock:
	@set -eu; \
	uv=$$(sh requirements/find-uv "$$(sh requirements/find-python)"); \
	"$$uv" pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	    --python-version 3.12 pyproject.toml --extra cluster --extra duckdb --extra pandas \
	    --group test --group lint --group docs --group build -o requirements/lock.txt; \
	"$$uv" pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url \
	    --python-version 3.12 requirements/spark.in -c requirements/lock.txt -o requirements/spark.txt

bench: install
	$(BIN)/python benchmarks/run_all.py

clean:
	rm -rf .venv .uv demo build dist docs/_build docs/reference/generated
	rm -f random-studies.jsonl
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
