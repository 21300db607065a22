# Two commands do everything on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --only-binary :all: --require-hashes

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-real test-long test-all lint format docs schema dev lock clean reliability reliability-loop audit fuzz benchmark benchmark-large

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.11 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV)

# Two stamps, so that a user who only runs the product does not wait for linters and test tools.
$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "setting up $(VENV) (once; needs the network)"
	@$(PIP_INSTALL) -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "adding the test tools (once; needs the network)"
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.run  ## Create the virtual environment

setup-dev: $(VENV)/.dev  ## ... with linters and test tools

$(DEMO)/retention.toml: | $(VENV)/.run
	@$(BIN)/retention demo $(DEMO)

run: $(VENV)/.run $(DEMO)/retention.toml  ## Generate the demo shop and run the pipeline on it
	@$(BIN)/retention --config $(DEMO)/retention.toml run

test: $(VENV)/.dev  ## Run the tests (under 10 minutes on 2 cores)
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not real_data and not long"

# BOUND bounds the two below: BOUND="--minutes 9 --turn TEXT" (tests/bounded.py).
test-real: $(VENV)/.dev  ## Run the tests over public data sets, where they are at hand
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "real_data and not slow" $(BOUND)

test-long: $(VENV)/.dev  ## Run the tests that take a minute or more each: coverage, metamorphic relations, kills
	@$(BIN)/python -m pytest -n 2 --dist loadfile -m "long and not slow" $(BOUND)

fuzz: $(VENV)/.dev  ## Damage valid files 100,000 times and compare with a second reader (FUZZ_CASES=n: fewer)
	@$(BIN)/python -m pytest tests/reliability/test_input_fuzz.py -m slow -s

test-all: $(VENV)/.dev  ## Run every test, the slow ones too
	@$(BIN)/python -m pytest -n 2 --dist loadfile

# Without those on damaged input and on wrong SQL, which have commands of their own (`make fuzz`, docs/reliability.md).
reliability: $(VENV)/.dev  ## Measure what faults do: kills, full disks, damage, readers (at most three hours)
	@RELIABILITY=full RELIABILITY_REPORT=$(CURDIR)/reliability.jsonl \
	  $(BIN)/python -m pytest -n 2 --dist worksteal --minutes 170 tests/reliability \
	  --ignore tests/reliability/test_input_fuzz.py --ignore tests/reliability/test_checks_sql.py

HOURS ?= 1
reliability-loop: $(VENV)/.dev  ## Draw faults by chance for HOURS=1; stops at the first surprise and says how to repeat it
	@$(BIN)/python -m tests.reliability.loop --hours $(HOURS) $(if $(SEED),--seed $(SEED))

# What has a target is measured in one of the two.
benchmark: $(VENV)/.run  ## Time the pipeline beside dbt alone, hand-written SQL and pandas, up to a million orders
	@$(BIN)/python -m benchmarks --orders 1000 100000 --repetitions 2 --contenders floor pipeline "plain dbt" pandas
	@$(BIN)/python -m benchmarks --orders 1000000 --repetitions 1 --contenders floor pipeline "plain dbt" pandas
	@$(BIN)/python -m benchmarks --show .benchmark/record_100000.json .benchmark/record_1000000.json

SIZES ?= 10000000 100000000
benchmark-large: $(VENV)/.run  ## ... with 10 and 100 million orders (hours, some 100 GB of disk; SIZES=10000000: only these)
	@$(BIN)/python -m benchmarks --orders 1000000 --repetitions 1 --contenders pipeline night --record record_night
	@$(BIN)/python -m benchmarks --orders $(SIZES) --repetitions 1 --contenders floor pipeline night

lint: $(VENV)/.dev  ## ruff, mypy, sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/tests

format: $(VENV)/.dev  ## Let ruff format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# --strict: where the packages are looked up in a place that knows no vulnerabilities, it must not look as if there were none
audit: | $(BIN)/python  ## Compare the locked packages with known vulnerabilities (needs the network)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet "uv>=0.11,<0.14"
	@for lock in requirements.lock requirements-dev.lock; do \
	  $(BIN)/uv tool run --from "pip-audit>=2.9,<3" pip-audit --strict --disable-pip --require-hashes -r $$lock || exit; done

docs: $(VENV)/.run  ## Write the table of the metrics from the registry
	@$(BIN)/python -m retention_pipeline.metrics.page docs/metrics.md

schema: $(VENV)/.run  ## Record the shape of the published tables; refuses a break without a new contract version
	@$(BIN)/python -m retention_pipeline.defs.schema docs/published_schema

dev: $(VENV)/.run $(DEMO)/retention.toml  ## Open the graph in Dagster's web interface (loopback only)
	@$(BIN)/retention --config $(DEMO)/retention.toml dev

# The wider set is resolved first and constrains the narrower one: both locks always agree.
UV_COMPILE := $(BIN)/uv pip compile -q pyproject.toml --extra setup --extra postgres --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-strip-extras --no-annotate --custom-compile-command "make lock"

lock: | $(BIN)/python  ## Resolve pyproject.toml into the hash-locked requirements
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet "uv>=0.11,<0.14"
	@$(UV_COMPILE) --extra dev -o requirements-dev.lock
	@$(UV_COMPILE) -c requirements-dev.lock -o requirements.lock

clean:  ## Remove the virtual environment, the demo shop and caches
	rm -rf $(VENV) $(DEMO) .benchmark reliability.jsonl .pytest_cache .mypy_cache .ruff_cache .hypothesis
