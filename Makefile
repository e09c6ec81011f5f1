# The commands of the house. `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

CARGO ?= cargo
# Whoever sets a target folder for all of Cargo's work finds the binaries there.
TARGET := $(or $(CARGO_TARGET_DIR),target)
DEBUG_BINARY := $(abspath $(TARGET)/debug/fusewright)
RELEASE_BINARY := $(abspath $(TARGET)/release/fusewright)
DIST_BINARY := $(abspath $(TARGET)/dist/fusewright)
TOOLS := $(abspath .tools)
CARGO_DENY_VERSION := 0.20.2

# The interpreter that `fusewright setup` settled on: the managed one, or the user's where it has what is needed.
PAIR_PYTHON = $$($(DEBUG_BINARY) setup --print-python)

.PHONY: help
help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "make %-14s %s\n", $$1, $$2 }'

.PHONY: demo
demo: ## Build, set up the Python side, then take shipped pairs and ideas to a dataset
	$(CARGO) build --release --locked -p fusewright
	$(RELEASE_BINARY) demo

.PHONY: test
test: test-rust test-python test-oldest test-product test-neovim test-emacs test-vscode ## Run all tests, installing what they need

.PHONY: build
build:
	$(CARGO) build --locked -p fusewright

.PHONY: setup
setup: build
	$(DEBUG_BINARY) setup

.PHONY: test-rust
test-rust: setup ## Run the tests of the Rust crates
	if $(CARGO) nextest --version >/dev/null 2>&1; then \
	  $(CARGO) nextest run --locked --workspace; \
	else \
	  $(CARGO) test --locked --workspace; \
	fi

# pytest comes from a folder of its own, so that the environment that runs pairs stays as the user has it.
PYTEST = PYTHONPATH="$$(scripts/python-tools.sh "$(PAIR_PYTHON)")" FUSEWRIGHT_BINARY=$(DEBUG_BINARY) \
  "$(PAIR_PYTHON)" -m pytest -p no:cacheprovider

.PHONY: test-python
test-python: setup ## Run the tests of the harness
	cd harness && PYTHONPATH="$$(../scripts/python-tools.sh "$(PAIR_PYTHON)")" "$(PAIR_PYTHON)" -m pytest

.PHONY: test-oldest
test-oldest: setup ## Run the tests of the harness on the oldest torch and triton, installing them
	oldest=$$(scripts/oldest-python.sh "$(PAIR_PYTHON)") && cd harness && \
	  PYTHONPATH="$$(../scripts/python-tools.sh "$$oldest")" "$$oldest" -m pytest

.PHONY: test-product
test-product: setup ## Run the tests of the whole product at the command line
	$(PYTEST) tests --ignore tests/editors

.PHONY: test-neovim
test-neovim: setup ## Run the tests in real Neovims
	$(PYTEST) tests/editors/neovim

.PHONY: test-emacs
test-emacs: setup ## Run the tests in a real Emacs
	$(PYTEST) tests/editors/emacs

.PHONY: test-vscode
test-vscode: setup vscode-extension/node_modules ## Run the tests in VS Code's workbench
	cd vscode-extension && npm test
	tests/editors/vscode/run.sh

.PHONY: gpu-test
gpu-test: ## Hold the product against this machine's GPU (FUSEWRIGHT_BINARY, FUSEWRIGHT_PYTHON, GPU_TEST='--only latency')
	if [ -z "$${FUSEWRIGHT_BINARY:-}" ]; then $(CARGO) build --release --locked -p fusewright; fi
	"$${FUSEWRIGHT_PYTHON:-python3}" tests/gpu/gpu_test.py $(GPU_TEST)

.PHONY: bench
bench: ## Measure the server and print the table
	bench/run.sh

# Minutes of searching; a night finds more.
FUZZ_MINUTES ?= 30
FUZZ_FOLDERS = corpus seeds ../tests/good ../src/rules/examples ../../../tests/corpus/honest
CARGO_FUZZ_VERSION := 0.13.2

.PHONY: fuzz
fuzz: $(TOOLS)/bin/cargo-fuzz-$(CARGO_FUZZ_VERSION) ## Search for texts that the rules do not survive (FUZZ_MINUTES)
	mkdir -p server/pair/fuzz/corpus
	cd server/pair/fuzz && PATH=$(TOOLS)/bin:$$PATH $(CARGO) +nightly fuzz run --fuzz-dir . --sanitizer none pair $(FUZZ_FOLDERS) \
	  -- -max_total_time=$$(( $(FUZZ_MINUTES) * 60 )) -max_len=16384 -timeout=10 -dict=words.dict

$(TOOLS)/bin/cargo-fuzz-$(CARGO_FUZZ_VERSION):
	$(CARGO) install cargo-fuzz --locked --version $(CARGO_FUZZ_VERSION) --root $(TOOLS) --force --quiet
	ln -sf cargo-fuzz $@

.PHONY: package
package: vscode-extension/node_modules ## Build the release: the binary with its documents, and the .vsix
	$(CARGO) build --profile dist --locked -p fusewright
	FUSEWRIGHT_BINARY=$(DIST_BINARY) scripts/package.sh

.PHONY: lint
lint: lint-rust lint-python lint-extension lint-scripts ## Check style and dependencies of everything

.PHONY: lint-rust
lint-rust: $(TOOLS)/bin/cargo-deny-$(CARGO_DENY_VERSION)
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(TOOLS)/bin/cargo-deny --log-level error check bans licenses sources

.PHONY: lint-python
lint-python:
	tools=$$(scripts/python-tools.sh) && \
	$$tools/bin/ruff check . && $$tools/bin/ruff format --check .

.PHONY: lint-extension
lint-extension: vscode-extension/node_modules
	cd vscode-extension && npm run --silent lint

.PHONY: lint-scripts
lint-scripts:
	scripts/need.sh luacheck lua-check
	scripts/need.sh shellcheck shellcheck
	luacheck --quiet neovim tests/editors/neovim
	shellcheck .ci/run $$(git ls-files '*.sh')

.PHONY: format
format: ## Put everything into the form that `make lint` wants
	$(CARGO) fmt --all
	tools=$$(scripts/python-tools.sh) && $$tools/bin/ruff check --fix . ; $$tools/bin/ruff format .
	cd vscode-extension && npm run --silent format

# Named with its version, so that another version is another file.
$(TOOLS)/bin/cargo-deny-$(CARGO_DENY_VERSION):
	$(CARGO) install cargo-deny --locked --version $(CARGO_DENY_VERSION) --root $(TOOLS) --force --quiet
	ln -sf cargo-deny $@

vscode-extension/node_modules: vscode-extension/package-lock.json
	scripts/need.sh npm npm
	cd vscode-extension && npm ci --loglevel=error
	touch $@
