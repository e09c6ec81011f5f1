#!/bin/sh
# Builds the release binary and measures it beside Ruff's server; arguments go to lsp_latency.py.
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
exec python3 bench/lsp_latency.py --fusewright "$FUSEWRIGHT_BINARY" --ruff "$RUFF" "$@"
