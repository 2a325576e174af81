#!/bin/sh
# Install the system packages that are missing, by apt, saying which. Only what is missing is asked for; sudo only when not root.
#   system.sh run     what the program needs: Python's venv, Pango (PDF), a font
#   system.sh test    what its tests need besides: Chromium, poppler
set -eu

missing=""
need_command() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need_library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1" || missing="$missing $2"; }

python="${PYTHON:-python3.11}"
case "${1:-run}" in
run)
    need_command "$python" python3.11
    if command -v "$python" >/dev/null 2>&1 && ! "$python" -c "import ensurepip, venv" >/dev/null 2>&1; then
        missing="$missing python3.11-venv"
    fi
    need_library libpango-1.0.so.0 libpango-1.0-0
    need_library libpangoft2-1.0.so.0 libpangoft2-1.0-0
    need_library libharfbuzz-subset.so.0 libharfbuzz-subset0
    [ -n "$(find /usr/share/fonts -name 'DejaVuSans.ttf' 2>/dev/null | head -n 1)" ] || missing="$missing fonts-dejavu-core"
    ;;
test)
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
    need_command pdftoppm poppler-utils
    ;;
*)
    echo "system.sh: say run or test" >&2
    exit 2
    ;;
esac

[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "These system packages are missing, and this machine has no apt-get:$missing" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    as_root="sudo"
    command -v sudo >/dev/null 2>&1 || { echo "Missing:$missing. Install them as root: apt-get install$missing" >&2; exit 1; }
fi
echo "Installing missing system packages by apt:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 - a list of names on purpose
$as_root apt-get install -y -qq --no-install-recommends $missing
