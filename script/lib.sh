# What the scripts share. Sourced, not run.

set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Installs a Debian package where that is possible without asking anyone: as root, with apt.
debian_install() {
  [ "$(id -u)" = 0 ] && have apt-get || return 1
  say "installing the Debian package $1"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y --no-install-recommends "$1" </dev/null >/dev/null 2>&1 && return
  apt-get update </dev/null >/dev/null 2>&1 || return 1
  apt-get install -y --no-install-recommends "$1" </dev/null >/dev/null 2>&1
}

# The path of a program: where it is installed, else from the package of PyPI that has it ready-made, in target/tools.
tool_find() { # PROGRAM PACKAGE==VERSION
  have "$1" && { echo "$1"; return; }
  local tools=$root/target/tools
  [ -x "$tools/bin/$1" ] || {
    have python3 && python3 -m venv "$tools" && "$tools/bin/pip" install --quiet "$2"
  } >/dev/null 2>&1 || return 1
  echo "$tools/bin/$1"
}
