#!/usr/bin/env bash
# Makes an environment with the oldest torch and triton that Fusewright works with, from a hash-locked list, and
# prints its interpreter. It takes about 6 GB, because torch's wheels bring CUDA's libraries.
set -euo pipefail
cd "$(dirname "$0")/.."

# The oldest torch has wheels for these alone.
fits='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'
for candidate in "${1:-python3}" python3 python3.10 python3.11 python3.12 python3.13; do
  if "$candidate" -c "$fits" 2>/dev/null; then
    python=$("$candidate" -c 'import sys; print(sys.executable)')
    break
  fi
done
if [ -z "${python:-}" ]; then
  echo "oldest-python: torch 2.6 wants a Python from 3.10 to 3.13, and none is on PATH" >&2
  exit 1
fi

key=$("$python" - harness/oldest.lock <<'PYTHON'
import hashlib, pathlib, sys
lock = hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest()
print(f"{sys.version_info[0]}.{sys.version_info[1]}-{lock[:12]}")
PYTHON
)
folder=$PWD/.tools/oldest-$key
if [ ! -e "$folder/complete" ]; then
  if ! python3 -m pip --version >/dev/null 2>&1; then
    echo "oldest-python: python3 has no pip, which installs the packages: install it (Debian: python3-pip)" >&2
    exit 1
  fi
  # An environment cannot be moved, so it is made in its place, and marked once it is whole.
  rm -rf "$folder"
  mkdir -p .tools
  "$python" -m venv --without-pip "$folder"
  install=(python3 -m pip --python "$folder/bin/python" install --quiet --no-deps --only-binary=:all:
    --require-hashes --no-cache-dir --root-user-action=ignore)
  "${install[@]}" -r harness/installer.lock >&2
  # It unpacks while it downloads; pip keeps 3 GB of wheels beside what it unpacks, and may go where it cannot.
  if ! UV_CACHE_DIR=$folder/cache UV_PYTHON_DOWNLOADS=never "$folder/bin/python" -m uv pip install --quiet \
    --no-config --no-deps --require-hashes --python "$folder/bin/python" -r harness/oldest.lock >&2; then
    "${install[@]}" -r harness/oldest.lock >&2
  fi
  rm -rf "$folder/cache"
  touch "$folder/complete"
fi
echo "$folder/bin/python"
