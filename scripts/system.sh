#!/bin/sh
# Install the system packages that are missing, by apt, saying which. Only what is missing is asked for; sudo only when not root.
#   system.sh run     what the program needs: Python's venv, Pango (PDF), a font
#   system.sh test    what its tests need besides: Chromium, poppler, gettext, Java (for Spark)
# CHROMIUM names the Chromium or Chrome the tests drive, when it is not one of those looked for below; PYTHON names Python 3.11.
set -eu

missing=""
need_command() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need_library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p 2>/dev/null | grep -q "$1" || missing="$missing $2"; }

# Asked for its version, because Ubuntu's chromium is a stand-in for a snap, which is there and does not start where snaps cannot run.
chromium_works() {
    for browser in ${CHROMIUM:-chromium chromium-browser google-chrome google-chrome-stable}; do
        "$browser" --version >/dev/null 2>&1 && return 0
    done
    return 1
}

# Spark runs on Java 17 and newer; JAVA_HOME goes before the path, as Spark has it.
java_works() {
    java="${JAVA_HOME:+$JAVA_HOME/bin/}java"
    major="$("$java" -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)"
    [ "${major:-0}" -ge 17 ]
}

# After the packages: what they were to bring must be there, or the way out is said.
verify() {
    if [ "$1" = test ] && ! chromium_works; then
        echo "No working Chromium${CHROMIUM:+ at CHROMIUM=$CHROMIUM}. On Ubuntu its package is a snap that may not run here: install" \
            "Google Chrome or another Chromium and set CHROMIUM to its program, e.g. CHROMIUM=/usr/bin/google-chrome make test" >&2
        exit 1
    fi
    if [ "$1" = test ] && ! java_works; then
        echo "No Java 17 or newer${JAVA_HOME:+ at JAVA_HOME=$JAVA_HOME}, which the tests of the engine on Spark need. Install one" \
            "(on Debian: apt-get install openjdk-17-jre-headless, or default-jre-headless) or set JAVA_HOME to one" >&2
        exit 1
    fi
    if [ "$1" = run ] && ! "$python" -c "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1; then
        echo "$python is missing, older than 3.11 or has no venv. Set PYTHON to a Python 3.11 or newer that has it," \
            "e.g. make demo PYTHON=/usr/bin/python3.12" >&2
        exit 1
    fi
}

what="${1:-run}"
python="${PYTHON:-python3.11}"
case "$what" in
run)
    if command -v "$python" >/dev/null 2>&1; then
        "$python" -c "import ensurepip, venv" >/dev/null 2>&1 ||
            missing="$missing $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    elif [ "$python" = python3.11 ]; then
        missing="$missing python3.11 python3.11-venv"
    fi
    need_library libpango-1.0.so.0 libpango-1.0-0
    need_library libpangoft2-1.0.so.0 libpangoft2-1.0-0
    need_library libharfbuzz-subset.so.0 libharfbuzz-subset0
    [ -n "$(find /usr/share/fonts -name 'DejaVuSans.ttf' 2>/dev/null | head -n 1)" ] || missing="$missing fonts-dejavu-core"
    ;;
test)
    chromium_works || [ -n "${CHROMIUM:-}" ] || missing="$missing chromium"
    need_command pdftoppm poppler-utils
    # The application's texts are collected anew, to see that none lacks its translation.
    need_command msgmerge gettext
    java_works || [ -n "${JAVA_HOME:-}" ] || missing="$missing openjdk-17-jre-headless"
    # The Node.js that playwright brings along needs it.
    need_library libatomic.so.1 libatomic1
    ;;
*)
    echo "system.sh: say run or test" >&2
    exit 2
    ;;
esac

if [ -z "$missing" ]; then
    verify "$what"
    exit 0
fi
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
$as_root apt-get update -qq || echo "apt-get update failed; going on with the lists of packages that are here" >&2
known() { apt-cache policy "$1" 2>/dev/null | grep -q "Candidate: [^(]"; }
wanted=""
for package in $missing; do
    # Systems newer than Java 17 have a newer one instead.
    [ "$package" != openjdk-17-jre-headless ] || known "$package" || package=default-jre-headless
    wanted="$wanted $package"
    if ! known "$package"; then
        echo "apt knows no package $package on this system." >&2
        case "$package" in
        python3.11*) echo "Install Python 3.11 or newer with its venv and set PYTHON to it, e.g. make demo PYTHON=/usr/bin/python3.12" >&2 ;;
        chromium) echo "Install Chromium or Chrome and set CHROMIUM to its program, e.g. CHROMIUM=/usr/bin/google-chrome make test" >&2 ;;
        esac
        exit 1
    fi
done
# shellcheck disable=SC2086 - a list of names on purpose; the frontend is named here because sudo does not hand on the environment
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted
verify "$what"
