#!/usr/bin/env bash
# Sees to two Neovims for the tests: the machine's own (Debian 12 has 0.7.2) and 0.10 from Debian 13, unpacked
# under .tools/ beside it. Prints the path of each. Where FUSEWRIGHT_TEST_NVIMS names some, those are taken.
set -euo pipefail
cd "$(dirname "$0")/../../.."

if [ -n "${FUSEWRIGHT_TEST_NVIMS:-}" ]; then
  tr ':' '\n' <<<"$FUSEWRIGHT_TEST_NVIMS"
  exit
fi

scripts/need.sh nvim neovim
command -v nvim

# Only Debian's packages fit Debian's own archive; elsewhere the machine's Neovim is the one that is tested.
[ -e /etc/debian_version ] && command -v apt-get >/dev/null || exit 0

suite=trixie
prefix=$PWD/.tools/neovim-$suite
if [ ! -x "$prefix/nvim" ]; then
  # shellcheck disable=SC2016 # The variables are apt's.
  archive=$(apt-get indextargets --format '$(REPO_URI)|$(COMPONENT)|$(ORIGIN)' 'Created-By: Packages' |
    awk -F'|' '$2 == "main" && $3 == "Debian" { print $1; exit }')
  if [ -z "$archive" ]; then
    echo "neovim: apt knows no archive of Debian's: run apt-get update as root" >&2
    exit 1
  fi
  mkdir -p .tools
  part=$(mktemp -d "$PWD/.tools/part.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  mkdir -p "$part"/apt/{lists/partial,cache/archives/partial} "$part/root"
  : >"$part/apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" >"$part/apt/sources.list"
  # A state of its own: the machine's apt learns nothing of the other suite, and no root is needed. An empty
  # status makes apt fetch everything that Neovim needs, the C library included.
  options=(-qq -o "Dir::State::lists=$part/apt/lists" -o "Dir::State::status=$part/apt/status"
    -o "Dir::Cache=$part/apt/cache" -o "Dir::Etc::sourcelist=$part/apt/sources.list"
    -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User= -o APT::Install-Recommends=false
    -o Binary::apt-get::APT::Keep-Downloaded-Packages=true -o APT::Keep-Downloaded-Packages=true
    -o Debug::NoLocking=true)
  apt-get "${options[@]}" update >&2
  apt-get "${options[@]}" --download-only --yes install neovim >&2
  for package in "$part"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$part/root"; done
  cat >"$part/nvim" <<'SH'
#!/bin/sh
# Neovim under the C library that it was built against, which is newer than the machine's.
here=$(dirname "$(readlink -f "$0")")/root
loader=$(ls "$here"/usr/lib64/ld-linux-*.so.* "$here"/usr/lib/ld-linux-*.so.* 2>/dev/null | head -n 1)
libraries=$(ls -d "$here"/usr/lib/*-linux-gnu "$here"/lib/*-linux-gnu 2>/dev/null | paste -sd:)
export VIMRUNTIME="$here/usr/share/nvim/runtime"
exec "$loader" --library-path "$libraries" "$here/usr/bin/nvim" "$@"
SH
  chmod 755 "$part" "$part/nvim"
  "$part/nvim" --version >/dev/null
  rm -rf "$part/apt"
  mv -T "$part" "$prefix" 2>/dev/null || [ -x "$prefix/nvim" ]
fi
echo "$prefix/nvim"
