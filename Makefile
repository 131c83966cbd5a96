# What this project can be asked to do; `make` alone lists it.
#
# Everything is set up by the first verb that needs it, in .venv and from the lock files, with nothing
# but Python's own venv and pip.  The stamps in .venv make the second time instant.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test fire check fix bench lock clean

PYTHON ?= python3
WORKERS ?= 2
TESTS ?=
UV ?= uv

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
CODE := classifiers collectors moderation pipeline reports simulator store web words bench \
        cli.py demo.py opening.py scheduler.py settings.py toml_file.py vocabulary.py

# HOME, caches and temporary files of whatever runs inside go to one folder that is gone afterwards:
# a browser and a database server leave traces where nobody looks.
APART := scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; mkdir -m 700 "$$scratch/run"; \
         env HOME="$$scratch" TMPDIR="$$scratch" XDG_RUNTIME_DIR="$$scratch/run" \
             XDG_CACHE_HOME="$$scratch/cache" XDG_CONFIG_HOME="$$scratch/config" XDG_DATA_HOME="$$scratch/data"

help: ## this list
	@echo "Gwylio. What to ask for:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-6s %s\n", $$1, $$2}'

demo: .venv/.runtime-stamp ## the whole system on this machine with invented people; prints where to look
	@$(BIN)/gwylio demo

test: .venv/.dev-stamp .venv/.chromium-stamp ## every test (TESTS=tests/store to choose, WORKERS=4 to spread)
	@$(APART) $(BIN)/python -m pytest -n $(WORKERS) $(TESTS)

fire: .venv/.dev-stamp ## kill it a thousand times at random moments (KILLS=150 for fewer, SEED=n to repeat one)
	@seed=$(or $(SEED),$$RANDOM); echo "seed $$seed"; \
	$(APART) GWYLIO_KILLS=$(or $(KILLS),1050) GWYLIO_SEED="$$seed" \
	    $(BIN)/python -m pytest -q -n $(WORKERS) tests/test_kills.py

check: .venv/.dev-stamp ## what the code must satisfy before anybody reads it
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/bandit --quiet --recursive --severity-level high $(wildcard $(CODE))
	$(BIN)/python -m words.extract --check
	@$(APART) $(BIN)/python -m pytest -q -p no:randomly tests/store/test_migrations.py

fix: .venv/.dev-stamp ## put right what a machine can put right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev-stamp ## measure; docs/performance.md keeps the figures
	@for each in bench/[a-z]*.py; do echo "$$each"; $(BIN)/python -m "bench.$$(basename "$$each" .py)"; done

lock: ## choose versions anew and write the lock files (wants uv; UV=path/to/uv)
	$(UV) pip compile $(LOCKING) pyproject.toml -o requirements.lock
	$(UV) pip compile $(LOCKING) --extra dev pyproject.toml -o requirements-dev.lock
	echo 'setuptools>=80' | $(UV) pip compile $(LOCKING) --no-annotate - -o requirements-build.lock

clean: ## take away everything the other verbs made, the demo's data included
	rm -rf .venv var build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

LOCKING := --quiet --upgrade --universal --python-version 3.11 --no-emit-index-url --no-header --generate-hashes

# The interpreter: the one asked for if it is new enough, else the newest found beside it.
.venv/.python-stamp:
	@for python in $(PYTHON) python3.13 python3.12 python3.11; do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
	    echo "Gwylio needs Python 3.11 or later, and neither $(PYTHON) nor python3.11 to 3.13 is one." >&2; \
	    echo "Install it, or say where it is: make $(or $(MAKECMDGOALS),demo) PYTHON=/path/to/python3.11" >&2; \
	    exit 2; \
	fi; \
	if ! "$$found" -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$found cannot make an environment: it lacks venv. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	    exit 2; \
	fi; \
	echo "Setting up .venv with $$("$$found" --version)"; \
	"$$found" -m venv .venv
	@touch $@

# Our own code is installed where it stands; setuptools comes from its lock file, so nothing is fetched unpinned.
.venv/.runtime-stamp: .venv/.python-stamp requirements.lock requirements-build.lock pyproject.toml
	@echo "Installing what Gwylio runs on (requirements.lock)"
	@$(PIP) install --require-hashes -r requirements-build.lock
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev-stamp: .venv/.runtime-stamp requirements-dev.lock
	@echo "Installing what the tests and checks need (requirements-dev.lock)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Debian's Chromium, when we may; the browser tests find whichever is there and say so when none is.
.venv/.chromium-stamp: .venv/.python-stamp
	@if command -v chromium chromium-browser google-chrome >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Debian's Chromium for the browser tests"; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium; } \
	        >/dev/null || echo "Chromium could not be installed; the browser tests will be skipped."; \
	else \
	    echo "No Chromium here and no right to install one; the browser tests will be skipped."; \
	fi
	@touch $@
