#!/bin/sh
# Prints the first Python 3.11 or newer among those asked for, or among the usual names.
found=
for python in ${1:-python3 python3.13 python3.12 python3.11}; do
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "$python"
        exit 0
    fi
    found="$found $python is $version;"
done
echo "set-up: no suitable Python:${found:- none was found;} needed: 3.11 or newer. What to do: install it, or name it: make PYTHON=/path/to/python3.11" >&2
exit 1
