#!/bin/sh
# Builds the release binary, measures it beside Ruff's server, and then how soon a verdict is there without a GPU;
# arguments go to both.
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
# Both are measured, whether or not the first met its targets.
status=0
python3 bench/lsp_latency.py --fusewright "$FUSEWRIGHT_BINARY" --ruff "$RUFF" "$@" || status=$?
"${FUSEWRIGHT_PYTHON:-$("$FUSEWRIGHT_BINARY" setup --print-python)}" bench/verdict_latency.py "$@" || status=$?
exit "$status"
