# One command each, the same on a desk and in CI. `make help` lists them.
#
# VENV names the Python environment that everything goes into (made where it is missing). A step whose
# inputs have not changed since it last succeeded is skipped (.ci/once).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV ?= .venv
JOBS ?= 2
# A pip constraints file. .ci/run passes ours, so that CI sees the same versions until we change them.
CONSTRAINTS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
DEMO_ARGS ?=
# Where `make prove` keeps what it found and what it needs; ONLY=E1,E3 and QUICK=1 choose.
PROVE_DIR ?= build/prove
PROVE_ARGS ?=
ONLY ?=
QUICK ?=
SEEDS ?= 100000
# Executions of each driver that `make fuzz` goes on to, in pieces; FRESH=1 begins anew. Empty: a first look.
FUZZ_RUNS ?=
FRESH ?=
# Extras of the package to install with it, e.g. EXTRAS=notebook,arrow
EXTRAS ?=

venv := $(abspath $(VENV))
py := $(venv)/bin/python
pip := $(py) -m pip --disable-pip-version-check install --quiet $(if $(CONSTRAINTS),-c $(CONSTRAINTS))
stamp := $(venv)/.headrace
package_build := build/package-$(shell echo "$(venv)" | sha256sum | cut -c1-8)
package_files := CMakeLists.txt pyproject.toml LICENSE README.md cpp python

export PATH := $(venv)/bin:$(PATH)
export VIRTUAL_ENV := $(venv)
unexport PYTHONPATH PYTHONHOME
# Paths relative to the checkout, so that its build folders share what ccache keeps.
export CCACHE_BASEDIR := $(CURDIR)
export CCACHE_NOHASHDIR := 1

.PHONY: help
help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

# --- setting up ------------------------------------------------------------------------------------

$(py):
	@PYTHON=$(PYTHON) .ci/system build
	@echo "headrace: making the environment $(VENV)"
	@$(PYTHON) -m venv $(venv)

# Build requirements live in VENV as well: without isolation a second build compiles only what changed.
.PHONY: setup-build
setup-build: $(py)
	@PYTHON=$(PYTHON) .ci/system build
	@.ci/requirements build | .ci/once $(stamp)-build "installing build requirements" \
	  $(pip) $$($(py) .ci/requirements build) cmake ninja

.PHONY: setup-torch
setup-torch: $(py)
	@$(py) .ci/requirements torch | .ci/once $(stamp)-torch "installing torch (some gigabytes on Linux)" \
	  $(pip) $$($(py) .ci/requirements torch)

.PHONY: setup
setup: setup-build setup-torch ## Install what development takes, system packages too where that may be done
	@PYTHON=$(PYTHON) .ci/system test
	@cat pyproject.toml $(CONSTRAINTS) | .ci/once $(stamp)-dev "installing development requirements" \
	  $(pip) $$($(py) .ci/requirements dev)

# --- building and running --------------------------------------------------------------------------

# torch decides whether _torch is built, so its presence is one of the inputs.
.PHONY: build
build: setup-build ## Build headrace and install it into VENV, with .predict where VENV has torch
	@{ find $(package_files) -type f -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum; \
	   ls -d $(venv)/lib/python3*/site-packages/torch-* || true; } 2>/dev/null \
	 | CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) .ci/once $(stamp)-package "building and installing headrace" \
	   $(pip) --no-build-isolation -C build-dir=$(package_build) ".$(if $(EXTRAS),[$(EXTRAS)])"

.PHONY: demo
demo: setup-torch build ## Run the demo: a simulated market, live through the pipeline, to a chart
	@$(venv)/bin/headrace demo $(DEMO_ARGS)

# --- checking --------------------------------------------------------------------------------------

.PHONY: test
test: lint test-cpp build ## Everything: lint, C++ tests, Python tests, a real Kafka, notebooks
	$(py) -m pytest $(PYTEST_ARGS)

.PHONY: test-cpp
test-cpp: setup ## C++ tests, optimised and with assertions, those of the torch part too
	cmake --preset dev -DPython_EXECUTABLE=$(py) -DHEADRACE_TORCH=ON --log-level=WARNING
	cmake --build --preset dev -j $(JOBS)
	ctest --preset dev -j $(JOBS)

.PHONY: test-slow
test-slow: setup ## The long runs: a thousand million ring operations, also under TSan, and indicator updates
	cmake --preset dev -DPython_EXECUTABLE=$(py) --log-level=WARNING
	cmake --build --preset dev -j $(JOBS)
	ctest --test-dir build/dev --output-on-failure -L slow
	cmake --preset tsan -DPython_EXECUTABLE=$(py) --log-level=WARNING
	cmake --build --preset tsan -j $(JOBS)
	ctest --test-dir build/tsan --output-on-failure -L slow -R ring

.PHONY: test-python
test-python: setup build ## Python tests without a real Kafka
	$(py) -m pytest -m "not broker" $(PYTEST_ARGS)

.PHONY: test-integration
test-integration: setup build ## Tests against a real Apache Kafka, which they start themselves
	$(py) -m pytest -m broker $(PYTEST_ARGS)

.PHONY: test-oracles
test-oracles: setup build ## 10,000 random streams for each kind of window against pandas and others (an hour)
	HEADRACE_ORACLE_EXAMPLES=10000 $(py) -m pytest tests/agreement/test_windows.py $(PYTEST_ARGS)

.PHONY: simulate
simulate: setup ## The delivery protocol against a model broker: SEEDS=100000 schedules, minutes
	cmake --preset dev -DPython_EXECUTABLE=$(py) --log-level=WARNING
	cmake --build --preset dev -j $(JOBS) --target headrace_simulate
	build/dev/tests/simulation/headrace_simulate --seeds 0..$(SEEDS)

.PHONY: notebooks
notebooks: setup build ## Execute the notebooks and check their outputs
	$(py) -m pytest -m notebook $(PYTEST_ARGS)

.PHONY: pictures
pictures: build ## Draw the pictures of the README, by the lines that stand beside them
	$(py) notebooks/pictures.py

cxx_files = $$(git ls-files '*.cpp' '*.hpp' '*.h')

.PHONY: lint
lint: setup ## Style and types: ruff, mypy, clang-format
	$(py) -m ruff check .
	$(py) -m ruff format --check .
	$(py) -m mypy
	@clang-format --dry-run -Werror $(cxx_files)

.PHONY: format
format: setup ## Rewrite the sources in the project's style
	$(py) -m ruff check --fix --exit-zero .
	$(py) -m ruff format .
	@clang-format -i $(cxx_files)

.PHONY: asan tsan ubsan
asan tsan ubsan: setup
	cmake --preset $@ -DPython_EXECUTABLE=$(py) --log-level=WARNING
	cmake --build --preset $@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

.PHONY: fuzz
fuzz: setup ## The fuzz drivers under libFuzzer (clang 14): a first look, or FUZZ_RUNS=10000000 of each
	cmake --preset fuzz -DPython_EXECUTABLE=$(py) --log-level=WARNING
	cmake --build --preset fuzz -j $(JOBS)
	$(if $(FUZZ_RUNS),$(py) -m tests.fuzz --runs $(FUZZ_RUNS) $(if $(FRESH),--fresh) $(if $(ONLY),--only $(ONLY)),ctest --preset fuzz)

.PHONY: bench-build
bench-build: setup
	cmake --preset release -DPython_EXECUTABLE=$(py) -DHEADRACE_TORCH=ON --log-level=WARNING
	cmake --build --preset release -j $(JOBS)

.PHONY: bench
bench: bench-build build ## The benchmark against bare librdkafka and the Python peers, on a real Kafka
	$(py) -m tests.bench --native build/release $(BENCH_ARGS)

.PHONY: bench-time
bench-time: setup build ## Windows and groups against J1 and Polars: on a real Kafka, and in memory
	$(py) -m tests.bench --only time $(BENCH_ARGS)

.PHONY: soak-time
soak-time: setup build ## Windows over 100 million records, and ten million groups: whether memory stays flat
	$(py) -m tests.bench.soak $(BENCH_ARGS)

# With places at which to die, which no package has that is given to users.
prove_package := build/prove-package

.PHONY: prove-build
prove-build: setup-build
	@mkdir -p build
	@{ find $(package_files) -type f -not -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum; } \
	 | CMAKE_BUILD_PARALLEL_LEVEL=$(JOBS) .ci/once build/prove-stamp "building headrace with failpoints" \
	   $(pip) --no-deps --no-build-isolation --upgrade --target $(prove_package) \
	   -C build-dir=$(prove_package)-build -C cmake.define.HEADRACE_FAILPOINTS=ON .

.PHONY: prove
prove: setup prove-build ## Exactly once, proven: kills, broken networks, zombies, beside its peers (hours; resumes)
	cmake --preset dev -DPython_EXECUTABLE=$(py) --log-level=WARNING
	cmake --build --preset dev -j $(JOBS) --target test_sink_soak
	PYTHONPATH=$(abspath $(prove_package)) $(py) -m tests.prove --dir "$(abspath $(PROVE_DIR))" \
	  $(if $(ONLY),--only "$(ONLY)") $(if $(QUICK),--quick) $(PROVE_ARGS)

.PHONY: bench-micro
bench-micro: bench-build ## The in-memory benchmarks alone
	$(py) -m tests.bench --native build/release --only micro $(BENCH_ARGS)

.PHONY: setup-ux
setup-ux: setup-build
	@cat pyproject.toml $(CONSTRAINTS) | .ci/once $(stamp)-ux "installing JupyterLab and its driver" \
	  $(pip) $$($(py) .ci/requirements ux)

.PHONY: bench-ux
bench-ux: setup-ux build ## How it feels in a real JupyterLab, beside hand-made glue
	$(py) -m tests.ux --build-dir $(package_build) $(BENCH_ARGS)

.PHONY: clean
clean: ## Remove build outputs; environments and caches stay
	rm -rf build dist
