# Every command a person needs. `make demo` and `make test` set up what they need by themselves.
PYTHON ?= python3
BIN = .venv/bin
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: setup demo test check bench clean

setup: .venv/ready                     ## the virtual environment with maskloop in it

demo: setup                            ## autolabel ten photographs; DEMO=--exit leaves afterwards
	$(BIN)/maskloop demo $(DEMO)

test: .venv/ready-dev                  ## all tests; TESTS=tests/unit for a part of them
	$(BIN)/pytest $(TESTS)

check: .venv/ready-dev                 ## lint, format and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

bench: .venv/ready-dev                 ## figures against peers, into build/bench/
	$(BIN)/python tests/benchmarks/bench_model.py

clean:                                 ## everything that the other commands made here
	rm -rf .venv build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv && $(PIP) --editable . && touch $@

.venv/ready-dev: .venv/ready
	$(PIP) --editable '.[dev]' && touch $@
