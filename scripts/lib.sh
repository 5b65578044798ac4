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

# The npm packages of a folder, as its lock has them, only when the lock, the manifest or Node has changed since.
# Not npm ci: that refuses a lock from which a package for some other platform is absent, although nobody here would
# install it. What npm ci checks beside that, that manifest and lock agree, is checked here.
npm_packages() { # folder
  stamp=$(cat "$1/package.json" "$1/package-lock.json" | sha256sum)$(node --version)
  [ "$(cat "$1/node_modules/.installed" 2>/dev/null)" = "$stamp" ] && return
  (cd "$1" && node -e '
    const [manifest, lock] = ["package.json", "package-lock.json"].map((f) => JSON.parse(fs.readFileSync(f)))
    for (const kind of ["dependencies", "devDependencies", "optionalDependencies"])
      assert.deepEqual(lock.packages[""][kind], manifest[kind])
  ') || die "$1: package.json and package-lock.json disagree. Run npm install there and commit both."
  say "npm packages of $1, from its package-lock.json, without their install scripts"
  (cd "$1" && retry npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error)
  printf '%s' "$stamp" >"$1/node_modules/.installed"
}

# The page goes into havatard, so it is built first; not again while nothing in web/ is newer than the last build.
build_web() {
  [ -f web/dist/index.html ] &&
    [ -z "$(find web \( -name node_modules -o -name dist \) -prune -o -newer web/dist/index.html -print -quit)" ] &&
    return
  (cd web && npm run build)
}
