#!/bin/sh
# Every check and every test, the quick ones first. `test.sh long` adds what takes longer.
set -eu
bin=.venv/bin
echo "== style, types, house rules"
$bin/ruff check .
$bin/ruff format --check .
$bin/mypy
$bin/lint-imports --no-cache
echo "== the reference pages are those the code would write"
$bin/python scripts/reference.py --check
echo "== tests"
if [ "${1:-}" = long ]; then
    exec $bin/python -m pytest -q -n 2 --dist loadfile
fi
exec $bin/python -m pytest -q -n 2 --dist loadfile -m "not slow"
