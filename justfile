# Short names for the scripts, which work without just as well.

# list the recipes
default:
    @just --list

# install what is missing
setup *args:
    scripts/setup {{args}}

# the demo at http://127.0.0.1:8080
run *args:
    scripts/run {{args}}

# every check and test
test *args:
    scripts/test {{args}}

# one benchmark, for example: just bench latency --quick
bench name *args:
    scripts/bench {{name}} {{args}}

# the pinned MediaMTX
mediamtx *args:
    scripts/build-mediamtx {{args}}

# what a change must pass before anything else
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# format everything
fmt:
    cargo fmt --all
    cd web && npm run format

# the page with hot reload, beside a running havatard
web:
    cd web && npm run dev
