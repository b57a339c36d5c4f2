# Verbs of the project; `make` alone lists them.
PYTHON ?= python3
WORKERS ?= 2
BIN := .venv/bin
STAMP := .venv/.installed
INSTALLED := .venv/packages.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo bench test test-long test-pages check docs audit packages format clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv and install the project with its development extras (PYTHON=python3.12 picks another)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: $(STAMP) ## train and compare on photographs that come with the packages
	$(BIN)/python -m ksiqa.train +experiment=demo

bench: $(STAMP) ## how fast this machine trains and scores, beside other models where pyiqa is there (docs/speed.md)
	$(BIN)/python -m ksiqa.bench --startup --output outputs/bench

test test-long test-pages: export OMP_NUM_THREADS = 1 # the tests share the cores already

test: $(STAMP) ## the tests, without those that take minutes, Chromium or other shells (WORKERS=4 runs four at a time)
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal -m 'not long and not pages'

test-long: $(STAMP) ## the tests that take minutes
	$(BIN)/python -m pytest -m long

test-pages: $(STAMP) ## the tests in headless Chromium, zsh and fish, which have to be there (apt-get install chromium zsh fish)
	$(BIN)/python -m pytest -m pages

check: $(STAMP) docs ## format, lint, types, import rules, and the documentation built without a warning
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# mkdocs-material prints a notice about another program of its authors unless told otherwise. Pages open from the disk; their
# search wants a server: python -m http.server --directory site
docs: $(STAMP) ## build the documentation into site/, which needs no network
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

audit: $(STAMP) ## look up known vulnerabilities of all that is installed in .venv (wants a network; not part of check)
	$(BIN)/python -m pip install --constraint constraints.txt --editable '.[audit]'
	$(MAKE) packages
	$(BIN)/python -m pip_audit --strict --no-deps --disable-pip --requirement $(INSTALLED)

# Without ksiqa itself, which is on no index, and without local versions: the advisories know torch 2.14.1, not
# 2.14.1+cu130. In two steps: in a pipe the failure of the first would be lost. --strict fails on what is not found.
packages:
	$(BIN)/python -m pip list --format freeze --exclude-editable >$(INSTALLED)
	sed -i 's/+.*//' $(INSTALLED)

format: $(STAMP) ## put the code into its format
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean: ## remove .venv, caches and built files; outputs/ stays
	rm -rf .venv dist build site .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
