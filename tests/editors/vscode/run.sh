#!/usr/bin/env bash
# Tests the extension in VS Code's real workbench in Chromium. Installs what is missing, builds and packages
# the extension where it is out of date, and exits non-zero if a test fails.
#   run.sh [FILE.test.mjs …]
# FUSEWRIGHT_BINARY names the server to put into the extension, else it is built; FUSEWRIGHT_PYTHON a Python with
# torch and triton, else it is the one that `fusewright setup` settles on.
# FUSEWRIGHT_UPDATE_PICTURE=1 takes docs/images/vscode.png anew. What a test saw last lies in .tools/vscode/pictures.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
extension="$root/vscode-extension"
vsix="$root/.tools/vscode/fusewright.vsix"

"$here/install.sh"

if [ -z "${FUSEWRIGHT_BINARY:-}" ]; then
  (cd "$root" && "${CARGO:-cargo}" build --locked --quiet --package fusewright)
  target=${CARGO_TARGET_DIR:-$root/target}
  FUSEWRIGHT_BINARY="$target/debug/fusewright"
fi
FUSEWRIGHT_BINARY=$(realpath "$FUSEWRIGHT_BINARY")
export FUSEWRIGHT_BINARY
FUSEWRIGHT_PYTHON=${FUSEWRIGHT_PYTHON:-$("$FUSEWRIGHT_BINARY" setup --print-python)}
export FUSEWRIGHT_PYTHON

cd "$extension"
if [ ! -e node_modules ] || [ package-lock.json -nt node_modules ]; then
  npm ci --loglevel=error
  touch node_modules
fi
if [ ! -e "$vsix" ] || [ "$FUSEWRIGHT_BINARY" -nt "$vsix" ] ||
  [ -n "$(find src scripts snippets images walkthrough package.json README.md .vscodeignore -newer "$vsix" -print -quit)" ]; then
  npm run --silent package -- --out "$vsix"
fi

cd "$here"
if [ $# -eq 0 ]; then
  set -- ./*.test.mjs
fi
exec node --test --test-concurrency=1 --test-reporter=spec --test-timeout=300000 "$@"
