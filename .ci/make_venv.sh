#!/bin/sh
# Makes .venv with the given Python; leaves nothing half-made behind.
python=$1
echo "set-up: a virtual environment in .venv with $("$python" -V)"
if ! "$python" -m venv .venv; then
    rm -rf .venv
    echo "set-up: $python cannot make a virtual environment. What to do: install its venv module (on Debian and Ubuntu: apt install python3-venv)" >&2
    exit 1
fi
