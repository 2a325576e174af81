#!/bin/sh
# Each claim of speed, memory or accuracy, beside the peer a user would pick instead. Tables land in docs/benchmarks.md.
set -eu
for file in benchmarks/*.py; do
    case "$(basename "$file")" in table.py | contacts.py | __init__.py) continue ;; esac
    echo "== $file"
    .venv/bin/python "$file"
done
