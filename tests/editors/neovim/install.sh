#!/usr/bin/env bash
# Sees to the Neovims for the tests: the machine's own (Debian 12 has 0.7.2), and beside it, unpacked under
# .tools/, those of Debian 13 (0.10) and of Debian's next release (0.12). Prints the path of each.
# FUSEWRIGHT_TEST_NVIMS, a list separated by colons, replaces them.
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

# Unpacks one suite's Neovim, with everything it needs, into a folder. The machine's apt learns nothing of it, and
# no root is needed: the state is private, and its empty list of installed packages makes apt fetch the C library too.
unpack() {
  local suite=$1 folder=$2 archive options
  # shellcheck disable=SC2016 # The variables are apt's.
  archive=$(apt-get indextargets --format '$(REPO_URI)|$(COMPONENT)|$(ORIGIN)' 'Created-By: Packages' |
    awk -F'|' '$2 == "main" && $3 == "Debian" { print $1; exit }')
  if [ -z "$archive" ]; then
    echo "neovim: apt knows no archive of Debian's: run apt-get update as root" >&2
    return 1
  fi
  mkdir -p "$folder"/apt/{lists/partial,cache/archives/partial} "$folder/root"
  : >"$folder/apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $archive $suite main" \
    >"$folder/apt/sources.list"
  options=(-qq -o "Dir::State::lists=$folder/apt/lists" -o "Dir::State::status=$folder/apt/status"
    -o "Dir::Cache=$folder/apt/cache" -o "Dir::Etc::sourcelist=$folder/apt/sources.list"
    -o Dir::Etc::sourceparts=/dev/null -o APT::Sandbox::User= -o APT::Install-Recommends=false
    -o APT::Keep-Downloaded-Packages=true -o Debug::NoLocking=true
    # A mirror may lag behind by weeks. What it serves is signed all the same, and an old Neovim is as good a test.
    -o Acquire::Check-Valid-Until=false)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" --download-only --yes install neovim
  for package in "$folder"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
  rm -rf "$folder/apt"
  cat >"$folder/nvim" <<'SH'
#!/bin/sh
# Neovim under the C library that it was built against, which is newer than the machine's.
here=$(dirname "$(readlink -f "$0")")/root
loader=$(ls "$here"/usr/lib64/ld-linux-*.so.* "$here"/usr/lib/ld-linux-*.so.* 2>/dev/null | head -n 1)
libraries=$(ls -d "$here"/usr/lib/*-linux-gnu "$here"/lib/*-linux-gnu 2>/dev/null | paste -sd:)
export VIMRUNTIME="$here/usr/share/nvim/runtime"
exec "$loader" --library-path "$libraries" "$here/usr/bin/nvim" "$@"
SH
  chmod 755 "$folder" "$folder/nvim"
  "$folder/nvim" --version
}

mkdir -p .tools
for suite in trixie forky; do
  prefix=$PWD/.tools/neovim-$suite
  if [ ! -x "$prefix/nvim" ]; then
    part=$(mktemp -d "$PWD/.tools/part.XXXXXX")
    trap 'rm -rf "$part"' EXIT
    unpack "$suite" "$part" >&2
    # Another run may have been quicker; what it laid down is the same.
    mv -T "$part" "$prefix" 2>/dev/null || [ -x "$prefix/nvim" ]
  fi
  echo "$prefix/nvim"
done
