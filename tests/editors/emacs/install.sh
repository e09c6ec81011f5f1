#!/usr/bin/env bash
# Sees to Emacs with eglot and lsp-mode for the tests, and prints its path.
# FUSEWRIGHT_TEST_EMACS names one that has both.
set -euo pipefail
cd "$(dirname "$0")/../../.."

if [ -n "${FUSEWRIGHT_TEST_EMACS:-}" ]; then
  echo "$FUSEWRIGHT_TEST_EMACS"
  exit
fi

scripts/need.sh emacs emacs-nox
for client in eglot lsp-mode; do
  if ! emacs --no-init-file --batch --eval "(progn (package-initialize) (require '$client))" 2>/dev/null; then
    # Emacs 29 has eglot itself; Debian's packages are for the machine's own Emacs.
    scripts/need.sh "elpa-$client" "elpa-$client" >/dev/null || true
  fi
done
command -v emacs
