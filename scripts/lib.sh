# shellcheck shell=sh
# What the scripts here share. Sourced after `set -eu`, never run.

root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root" || exit
# The scripts name files under target/, so a target folder set elsewhere would split the tree in two.
export CARGO_TARGET_DIR="$root/target"
export PATH="$root/target/tools/bin:$PATH"

say() { printf '==> %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# The comment at the head of the script is its help.
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }

# For steps that need the network: one more try, then the failure is real.
retry() {
  "$@" && return
  printf '%s\n' "Failed: $*. Trying once more." >&2
  sleep 3
  "$@"
}

at_least() { # have want
  [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]
}

go_version() { # the version that builds mediamtx/, e.g. go1.26.8
  command -v go >/dev/null ||
    die "Go is missing. Install Go 1.26 or newer and put its bin folder on PATH; MediaMTX is built with it."
  (cd mediamtx && go env GOVERSION) ||
    die "this Go ($(GOTOOLCHAIN=local go version 2>&1)) cannot build MediaMTX. Install Go 1.26 or newer."
}

# npm ci, only when the lock, the manifest or Node itself has changed since the last one.
npm_ci() { # folder
  lock=$(cat "$1/package.json" "$1/package-lock.json" | sha256sum)-$(node --version)
  [ "$(cat "$1/node_modules/.installed" 2>/dev/null)" = "$lock" ] && return
  say "npm packages of $1 (npm ci, from its package-lock.json, no install scripts)"
  (cd "$1" && retry npm ci --ignore-scripts --no-audit --no-fund)
  printf '%s' "$lock" >"$1/node_modules/.installed"
}

# The page goes into havatard, so it is built first; not again while nothing in web/ is newer than the last build.
build_web() {
  [ -f web/dist/index.html ] &&
    [ -z "$(find web \( -name node_modules -o -name dist \) -prune -o -newer web/dist/index.html -print -quit)" ] &&
    return
  (cd web && npm run build)
}
