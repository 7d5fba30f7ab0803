# The commands of the project, the same that CI runs. Each builds its own .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PYTHONUNBUFFERED := 1

.PHONY: install lock demo test test-fast test-avx2 test-mysql test-compose images pin-images lint docs bench format clean

# LOCKED=1 installs what the tests ran with, by version and hash; TORCH_INDEX is the index of PyTorch's CPU wheels.
install: $(VENV)/installed

# Write the versions and hashes of .venv; newer ones: make clean test lock.
lock: $(VENV)/installed-dev $(VENV)/installed-docs
	$(BIN)/python .ci/lock.py

demo: $(VENV)/installed
	$(BIN)/dlgn demo $(if $(MOVIES),--movies $(MOVIES))

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest

# The quick tests, which need no server: after every change.
test-fast: $(VENV)/installed-dev
	$(BIN)/python -m pytest tests/unit tests/contract tests/hostile --ignore-glob='*_served.py'

# The tests of figures, as a CPU computes them that has AVX2 and no more.
test-avx2: $(VENV)/installed-dev
	@if $(BIN)/python -c 'import sys, torch; sys.exit("AVX512" in torch.backends.cpu.get_cpu_capability())'; \
	then echo "test-avx2: torch uses no AVX512 on this CPU, so make test is this run"; \
	else ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 $(BIN)/python -m pytest tests/science tests/unit tests/contract; fi

# The tests of tables, faults, commands, pages and notebooks on a MySQL server: make test-mysql DLGN_TEST_MYSQL=mysql://user:password@host:port
test-mysql: $(VENV)/installed-dev
	@test -n "$(DLGN_TEST_MYSQL)" || { echo "set DLGN_TEST_MYSQL=mysql://user:password@host:port"; exit 2; }
	$(BIN)/python -m pytest tests/schemas tests/end_to_end tests/faults tests/hostile tests/docs

# The compose file as it stands, from an empty machine to a report: needs a container engine, and minutes.
test-compose: $(VENV)/installed-dev
	DLGN_TEST_COMPOSE=1 $(BIN)/python -m pytest -rs tests/compose

# The image of workers, tools, notebook and page, which names the commit that it was built from.
images:
	GIT_COMMIT=$$(git describe --always --dirty --abbrev=40 --exclude '*') docker compose build declare

# Write the digests of the images that Docker has pulled into the compose file and the Dockerfile.
pin-images:
	$(PYTHON) docker/pin_images.py

lint: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.house
	$(BIN)/python -m pytest -q tests/unit/test_architecture.py tests/unit/test_vocabulary.py

docs: $(VENV)/installed-docs
	$(BIN)/python -m sphinx -b html -W --keep-going --quiet docs docs/build/html

# Each prints a ratio to a reference of the same run; only the last line of each is for machines.
bench: $(VENV)/installed-dev
	@failed=0; for script in benchmarks/*.py; do $(BIN)/python $$script $(BENCH) || failed=1; done; exit $$failed

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# --quiet, once, leaves out what pip does and leaves in what it warns of.
$(VENV)/installed: pyproject.toml $(if $(LOCKED),requirements.lock)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dlgn_cnn needs Python 3.11 or later; name one: make $(MAKECMDGOALS) PYTHON=python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
ifdef LOCKED
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock \
		$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $@ $(VENV)/installed-dev $(VENV)/installed-docs
else
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@
endif

$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/installed-docs: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --editable '.[docs,dashboard]'
	@touch $@

clean:
	rm -rf $(VENV) docs/build docs/reference/generated
