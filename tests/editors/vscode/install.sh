#!/usr/bin/env bash
# Installs VS Code's workbench (the npm package code-server, without its native parts) and the browser driver
# into .tools/vscode, and Chromium from Debian where it is missing. Does nothing when all is there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
tools="$root/.tools/vscode"

chromium=${FUSEWRIGHT_CHROMIUM:-/usr/bin/chromium}
if [ ! -x "$chromium" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
  else
    echo "Chromium is missing at $chromium. Install it with: sudo apt-get install chromium fonts-dejavu-core" >&2
    echo "or name another one in FUSEWRIGHT_CHROMIUM." >&2
    exit 1
  fi
fi

stamp=$(cat "$here/package-lock.json" "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$tools/installed" 2>/dev/null || true)" = "$stamp" ]; then
  exit 0
fi

echo "Installing VS Code's workbench into .tools/vscode (325 MB, once)"
rm -rf "$tools"
mkdir -p "$tools"
cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$tools/"
# Install scripts are left out: they would compile native modules that a test does not use.
(cd "$tools" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
vscode="$tools/node_modules/code-server/lib/vscode"
for folder in "$vscode" "$vscode/extensions"; do
  (cd "$folder" && npm install --ignore-scripts --omit=dev --no-audit --no-fund --loglevel=error)
done
ln -sfn node_modules "$vscode/node_modules.asar"
mkdir -p "$vscode/node_modules/@vscode/ripgrep/bin"
cp "$tools/node_modules/@vscode/ripgrep-linux-x64/bin/rg" "$vscode/node_modules/@vscode/ripgrep/bin/"
echo "$stamp" >"$tools/installed"
