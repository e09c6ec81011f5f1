#!/usr/bin/env bash
# Lays out the release under dist/: a tar file with the binary, its documents and the plugins for Neovim and Emacs, and the
# VS Code extension with the server inside. Wants FUSEWRIGHT_BINARY, a build to give away.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${FUSEWRIGHT_BINARY:-target/dist/fusewright}

version=$("$binary" --version | awk '{ print $2 }')
name=fusewright-$version-$(uname -m)-$(uname -s | tr '[:upper:]' '[:lower:]')
rm -rf "dist/$name"
mkdir -p "dist/$name/docs"
cp "$binary" "dist/$name/fusewright"
cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "dist/$name/"
# The server shows a rule's page from here, beside the binary.
cp -R docs/rules "dist/$name/docs/rules"
cp -R neovim "dist/$name/neovim"
cp -R emacs "dist/$name/emacs"
tar -C dist -czf "dist/$name.tar.gz" "$name"

FUSEWRIGHT_BINARY=$(realpath "$binary") npm --prefix vscode-extension run --silent package -- --out "$PWD/dist/$name.vsix"
ls -lh dist/*.tar.gz dist/*.vsix
