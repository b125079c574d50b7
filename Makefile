# Two commands do everything on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help demo test lint docs slow fuzz bench audit sbom lock tagged release clean

help:  ## Say what can be made.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

# A stamp a lock: pip runs again only when the lock has changed.
.venv/bin/python:
	@$(PYTHON) -m venv .venv 2>/dev/null || { rm -rf .venv; \
	  echo "python3-venv is missing; installing it"; apt-get update -qq && apt-get install -y -qq python3-venv && $(PYTHON) -m venv .venv; }

.venv/.runtime: .venv/bin/python requirements.lock pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/bin/python requirements-dev.lock pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ .venv/.runtime

demo: .venv/.runtime  ## Demonstration bank: database, responses, analyses, two PDFs, web and worker.
	$(BIN)/surveyapp demo

# The browser tests want Chromium: Debian's, installed when we may.
.venv/.chromium:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo "Chromium is absent and cannot be installed without root: the browser tests will say so."
	@mkdir -p .venv && touch $@

# One BLAS thread a process: two processes on two cores already, and their threads would wait for each other.
# mypy runs beside the tests, in what their waits leave of the processors: a minute less for everybody.
test: .venv/.dev .venv/.chromium  ## Lint and the whole suite: SQLite, a real PostgreSQL, a real browser.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@types=$$(mktemp); nice -n 19 $(BIN)/mypy >$$types 2>&1 & mypy=$$!; \
	  OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup; tested=$$?; \
	  wait $$mypy; typed=$$?; cat $$types; rm -f $$types; exit $$((tested ? tested : typed))

# What only the slow tests drive: nginx, text browsers, Firefox, WebKit and the screen it needs, Java for the
# Nu checker.
.venv/.browsers:
	@{ [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	  nginx-light lynx w3m tmux firefox-esr webkit2gtk-driver xvfb default-jre-headless >/dev/null; } \
	  || echo "Some browsers are absent and cannot be installed without root: the slow tests will say which."
	@mkdir -p .venv && touch $@

lint: .venv/.dev  ## ruff and mypy.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: .venv/.dev  ## The documentation as a site in build/docs; a warning is an error.
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

slow: .venv/.dev .venv/.chromium .venv/.browsers  ## What takes too long for every run: other browsers, builds, generated clients.
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest tests/slow -p no:cacheprovider -o testpaths= -o python_files='slow_*.py'

# FUZZ_SEED repeats a run; FUZZ_INPUTS makes it shorter.
fuzz: .venv/.dev  ## 10,000 hostile inputs to every route, form, file and API operation; none may fail or wait 5 s.
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest tests/security -s -p no:cacheprovider -o testpaths= -o python_files='fuzz_*.py'

bench: .venv/.dev  ## Ratios against named peers, in one run.
	$(BIN)/pytest tests/benchmarks -s -p no:cacheprovider -o testpaths= -o python_files='bench_*.py'

# Tools that ask the network what is known by now, apart from what they look at.
.venv-audit/.made: requirements-audit.lock
	python3 -m venv .venv-audit
	.venv-audit/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-audit.lock
	@touch $@

audit: .venv-audit/.made  ## Published advisories about the locked dependencies; what cannot be looked up is a failure.
	.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off -r requirements.lock

sbom: .venv/.runtime .venv-audit/.made  ## Bill of materials (CycloneDX, with licences) in build/sbom.json.
	mkdir -p build
	.venv-audit/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible -o build/sbom.json .venv/bin/python

lock: .venv/.dev  ## Renew both locks (needs uv).
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q --upgrade --group build -o requirements.lock
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q --group build --group dev -c requirements.lock -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -q --upgrade --group audit -o requirements-audit.lock

# A release is the version of its tag, which stands in pyproject.toml and heads the changelog, too.
tagged:
	@version=$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml); \
	  headed=$$(sed -n '/^## /{s/^## \([^ ]*\).*/\1/p;q}' CHANGELOG.md); \
	  [ -z "$$(git status --porcelain)" ] || { echo "Files have changed since the last commit; commit them first."; exit 1; }; \
	  git tag --points-at HEAD | grep -qx "v$$version" || { echo "This commit has no tag v$$version, the version of pyproject.toml; git tag -a v$$version"; exit 1; }; \
	  [ "$$headed" = "$$version" ] || { echo "CHANGELOG.md begins with '## $$headed'; its newest heading must be '## $$version', with the day."; exit 1; }

release: tagged .venv/.dev  ## Wheel and sdist of the tagged version in dist/; tag, version and changelog must agree.
	rm -rf dist
	$(BIN)/python -c "import setuptools.build_meta as b; b.build_sdist('dist'); b.build_wheel('dist')"

clean:  ## Forget everything made here.
	rm -rf .venv .venv-audit build dist *.egg-info instance .pytest_cache .mypy_cache .ruff_cache .hypothesis
