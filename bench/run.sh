#!/bin/sh
# Builds the release binary, measures it beside Ruff's server, how soon it asks for a verdict on what a model wrote, and
# how soon a verdict is there without a GPU; arguments go to the first and the last.
# FUSEWRIGHT_BINARY and RUFF name binaries that are there already. A quiet machine makes the numbers mean something.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${FUSEWRIGHT_BINARY:-}" ]; then
  cargo build --release --locked -p fusewright
  FUSEWRIGHT_BINARY=target/release/fusewright
fi
if [ -z "${RUFF:-}" ]; then
  RUFF=$(scripts/python-tools.sh)/bin/ruff
fi
# All are measured, whether or not the first met its targets.
status=0
python3 bench/lsp_latency.py --fusewright "$FUSEWRIGHT_BINARY" --ruff "$RUFF" "$@" || status=$?
python3 bench/generate_overhead.py --fusewright "$FUSEWRIGHT_BINARY" || status=$?
"${FUSEWRIGHT_PYTHON:-$("$FUSEWRIGHT_BINARY" setup --print-python)}" bench/verdict_latency.py "$@" || status=$?
exit "$status"
