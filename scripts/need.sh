#!/usr/bin/env bash
# need.sh PROGRAM PACKAGE: sees to a program. Where it is missing, installs Debian's package, which takes root
# (or sudo without a password); anybody else is told what to install.
set -euo pipefail
program=$1 package=$2

command -v "$program" >/dev/null && exit 0

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

if ! { command -v apt-get && as_root true; } >/dev/null 2>&1; then
  echo "need: $program is missing: install it (Debian's package: $package)" >&2
  exit 1
fi
{
  # The lists may be there already, and fresh enough.
  as_root apt-get install -y -qq --no-install-recommends "$package" ||
    { as_root apt-get update -qq && as_root apt-get install -y -qq --no-install-recommends "$package"; }
} >&2
command -v "$program" >/dev/null
