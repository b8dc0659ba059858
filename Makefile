# Two commands set everything up: `make run` and `make test`. Both make .venv with Python 3.11 or newer and install into it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt
LOCKED := $(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps

# The experiment that the app has preselected, for machines and pipes without a terminal.
SAMPLE := simulate tickets --strategy lc --seed-size 4% --batch 2% --rounds 7 --seeds 1 --epochs 6 --precision auto

# Where this variable is set, each of the two processes would compile all tests anew: half a minute of each run.
test test-slow coverage: export PYTHONDONTWRITEBYTECODE =

.PHONY: run test test-slow test-all coverage check locked clean

run: $(VENV)/.run
	@if [ -t 0 ] && [ -t 1 ]; then $(BIN)/tui-al; else $(BIN)/tui-al $(SAMPLE); fi

# What a person runs while working: minutes.
test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow"

# What takes about a second or more each: trainings, processes, terminals, browsers, other accounts, kills, whole sessions, every
# command of the documentation.
test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder -m slow

test-all: test test-slow

# The same quick tests, in twice the time: fails if they take fewer branches of the program than pyproject.toml demands.
coverage: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile -m "not slow" --cov --cov-report term

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.run: pyproject.toml constraints.txt
	@echo "installing into $(VENV) …" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(INSTALL) --editable '.[offline,report]'
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@$(INSTALL) --editable '.[offline,report,dev]'
	@touch $@

# Installs everything with each file's hash checked; after it, `make run` and `make test` install nothing more.
# Without a GPU, PyTorch's build for CPUs goes first, where pip finds it: of one version it would else take the index's, which is for CUDA.
locked:
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -e /dev/nvidiactl || $(LOCKED) --require-hashes --requirement locked-cpu.txt 2>/dev/null || echo "PyTorch's build for CPUs is not to be had: the index's is taken" >&2
	@$(LOCKED) --require-hashes --requirement locked.txt
	@if $(BIN)/python -c 'import sys; from importlib.metadata import requires; sys.exit(not any("cuda" in one for one in requires("torch")))'; then $(LOCKED) --require-hashes --requirement locked-cuda.txt; fi
	@$(LOCKED) --no-build-isolation --editable .
	@touch $(VENV)/.run $(VENV)/.dev

clean:
	rm -rf $(VENV)
