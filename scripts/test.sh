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
echo "== every text of the application in every language"
$bin/python scripts/translations.py check
few="not slow"
[ "${1:-}" != long ] || few="slow or not slow"
echo "== the demo company with a run, which many tests read"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export VITALFEW_TEST_WORKSPACE="$folder/demo-company"
$bin/python -m tests.demo_company "$VITALFEW_TEST_WORKSPACE"
echo "== tests"
$bin/python -m pytest -q -n 2 --dist loadfile --durations 40 -m "$few"
echo "== tests of the application, once more on PostgreSQL"
VITALFEW_TEST_DATABASE=postgresql $bin/python -m pytest tests/web -q -n 2 --dist loadfile --durations 20 -m "($few) and not browser"
