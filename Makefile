# Entry points of the project. Every target installs what is missing first and
# says so; nothing is installed when nothing is missing.

SHELL := bash
PYTHON ?= python3
# Of one fuzz target.
MINUTES ?= 1
JOBS ?= $(shell nproc)
BUILD ?= build
VENV := .venv

.PHONY: build setup configure test fresh wheel check-format check-text tidy sanitize sanitize-threads fuzz demo \
  bench docs clean help

help:
	@echo "make build   compile tpuc; every command lands in $(VENV)/bin"
	@echo "make test    build, then lit, googletest and pytest"
	@echo "make fresh   the README's commands in a minimal root of their own"
	@echo "make wheel   dist/tpuc-*.whl for every Python from 3.11 on, without LLVM"
	@echo "make demo    compile a Swin-T, run it in the simulator, compare"
	@echo "make bench   measure every model of the benchmark"
	@echo "make sanitize, make sanitize-threads, make fuzz MINUTES=30"
	@echo "             readers, the search and every fuzz target under sanitizers"
	@echo "make docs    generate the references and build the site of the documentation"

setup:
	@PYTHON=$(PYTHON) scripts/bootstrap.sh

configure: setup
	@test -f $(BUILD)/build.ninja || cmake --preset release -B $(BUILD) \
	  -DPython_EXECUTABLE=$(CURDIR)/$(VENV)/bin/python

build: configure
	@cmake --build $(BUILD) --parallel $(JOBS)
	@$(VENV)/bin/python scripts/develop.py --link $(BUILD)

test: build
	@$(VENV)/bin/python scripts/run_tests.py --build $(BUILD) --jobs $(JOBS)

fresh:
	@scripts/fresh.sh readme

wheel: setup
	@scripts/wheel.sh

check-format: setup
	@$(VENV)/bin/ruff check python test scripts demo bench
	@$(VENV)/bin/ruff format --check python test scripts demo bench
	@git ls-files '*.cpp' '*.h' | xargs -r clang-format-22 --dry-run --Werror

check-text: setup
	@git ls-files -z | xargs -0 $(VENV)/bin/codespell
	@$(VENV)/bin/python scripts/check_files.py

tidy: build
	@scripts/tidy.sh $(BUILD)

sanitize: setup
	@scripts/sanitize.sh unit
	@scripts/sanitize.sh python

sanitize-threads: setup
	@scripts/sanitize.sh threads

fuzz: setup
	@TPUC_FUZZ_SECONDS=$$(( $(MINUTES) * 60 )) scripts/sanitize.sh fuzz

demo: build
	@$(VENV)/bin/python demo/swin_t.py

bench: build
	@$(VENV)/bin/python bench/run.py

docs: build
	@cmake --build $(BUILD) --parallel $(JOBS) --target tpuc-docs
	@$(VENV)/bin/python scripts/operator_table.py -o docs/operators.md
	@NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict --quiet
	@echo "the documentation is in build/site/index.html"

clean:
	rm -rf $(BUILD)
