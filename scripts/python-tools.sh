#!/usr/bin/env bash
# Installs the hash-locked test tools (pytest, hypothesis, ruff) for one interpreter, into a folder of the
# checkout, and prints that folder. They are kept out of the environment that runs pairs, which is the user's.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$("${1:-python3}" -c 'import sys; print(sys.executable)')

key=$("$python" - tests/requirements.lock <<'PYTHON'
import hashlib, pathlib, sys
lock = hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest()
print(f"{sys.version_info[0]}.{sys.version_info[1]}-{lock[:12]}")
PYTHON
)
folder=$PWD/.tools/python-$key
if [ ! -d "$folder" ]; then
  mkdir -p .tools
  pip=python3
  if ! python3 -m pip --version >/dev/null 2>&1; then
    # Debian's python3 comes without pip, but its python3-venv can make an environment that has one.
    pip=.tools/pip/bin/python
    if ! { [ -x "$pip" ] || python3 -m venv .tools/pip; } >/dev/null 2>&1; then
      echo "python-tools: python3 has neither pip nor venv, one of which installs the test tools: install one (Debian: python3-venv)" >&2
      exit 1
    fi
  fi
  part=$(mktemp -d .tools/part.XXXXXX)
  trap 'rm -rf "$part"' EXIT
  "$pip" -m pip --python "$python" install --quiet --no-deps --only-binary=:all: --require-hashes \
    --root-user-action=ignore --target "$part" -r tests/requirements.lock >&2
  chmod 755 "$part"
  # Another run may have been quicker; what it laid down is the same.
  mv -T "$part" "$folder" 2>/dev/null || [ -d "$folder" ]
fi
echo "$folder"
