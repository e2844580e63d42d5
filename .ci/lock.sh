#!/bin/sh
# Writes the hash-pinned locks from pyproject.toml: runtime, development, laboratory, documents. No index or download address is kept.
# Needs uv (any recent version) on the PATH; it is a tool for the maintainer, not a dependency.
set -eu
cd "$(dirname "$0")/.."
lock() { # the file, then extras and constraints
    out=$1
    shift
    uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --no-emit-index-url --no-emit-find-links --quiet --output-file "$out" "$@"
    echo "$out: $(grep -c '==' "$out") packages"
}
lock requirements.lock --extra discontinuity --group build
lock requirements-dev.lock --extra dev --group build --constraint requirements.lock
lock requirements-lab.lock --extra lab --extra discontinuity --group build --constraint requirements.lock
lock requirements-docs.lock --extra docs --extra discontinuity --group build --constraint requirements.lock
