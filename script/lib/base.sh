# What every script shares: paths, messages, stamps, the lock, long steps, Debian packages. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
LOCAL=$ROOT/.local # all that the scripts make
VENV=$LOCAL/venv
LOG=$LOCAL/log
CACHE=${XDG_CACHE_HOME:-${HOME:-$LOCAL}/.cache}/srsp # downloads, shared by every checkout of this user
PLATFORM_PORT=8079
ME=script/${0##*/}
declare -A CHILDREN=() # process groups to end with this script
STEPS=0
cd "$ROOT"

say() { printf '%s: [%3d s] %s\n' "$ME" "$SECONDS" "$*" >&2; }
die() {
    printf '%s: %s\n' "$ME" "$*" >&2
    exit 1
}

# stamped NAME KEY: is the step NAME done for exactly this KEY?  stamp NAME KEY: it is.
stamped() { [ "$(cat "$LOCAL/stamp/$1" 2>/dev/null)" = "$2" ]; }
stamp() {
    printf '%s\n' "$2" >"$LOCAL/stamp/.$1" && mv "$LOCAL/stamp/.$1" "$LOCAL/stamp/$1"
}

hash_of() { cat "$@" | sha256sum | cut -c1-16; }

# open_local: make the folder of everything made, and refuse early what cannot work.
open_local() {
    mkdir -p "$LOG" "$LOCAL/stamp" 2>/dev/null && [ -w "$LOCAL" ] ||
        die "cannot write in $LOCAL: run as its owner, or remove it"
    mkdir -p "$CACHE" 2>/dev/null && [ -w "$CACHE" ] || CACHE=$LOCAL/cache
    mkdir -p "$CACHE"
}

# locked COMMAND...: run it while no other script of this checkout sets up.
locked() {
    exec 9>"$LOCAL/lock"
    flock -n 9 || { say "another script sets up this checkout: waiting for it" && flock 9; }
    "$@"
    exec 9>&-
}

# step LABEL COMMAND...: a long step. Output goes to the log, a sign of life every ten seconds to the user.
step() {
    local label=$1 pid ticks=0 status=0
    shift
    STEPS=$((STEPS + 1))
    say "$label"
    printf '\n== %s\n' "$label" >>"$LOG/setup.log"
    set -m
    ("$@") </dev/null >>"$LOG/setup.log" 2>&1 8>&- & # keeps the lock, should this script die before it
    pid=$!
    set +m
    CHILDREN[$pid]=1
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        ticks=$((ticks + 1))
        [ $((ticks % 50)) != 0 ] || say "... $label: still at it"
    done
    wait "$pid" || status=$?
    unset "CHILDREN[$pid]"
    return "$status"
}

log_tail() { tail -n "${2:-15}" "$LOG/$1.log" >&2 2>/dev/null || true; }

# stop_children: end every process group that this script started, and wait until it has.
stop_children() {
    local pid
    for pid in "${!CHILDREN[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
    for pid in "${!CHILDREN[@]}"; do
        for _ in $(seq 150); do
            kill -0 -- "-$pid" 2>/dev/null || continue 2
            sleep 0.1
        done
        kill -KILL -- "-$pid" 2>/dev/null || true # deaf for fifteen seconds
    done
    CHILDREN=()
}
trap stop_children EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

is_root() { [ "$(id -u)" = 0 ]; }

# need_packages PACKAGE...: install Debian packages where that is allowed, else name the one line that does.
need_packages() {
    [ $# -gt 0 ] || return 0
    local line="apt-get install -y --no-install-recommends $*"
    is_root && command -v apt-get >/dev/null || die "something is missing; as root run: $line"
    step "installing $*" apt_install "$@" || {
        log_tail setup
        die "apt-get could not install $* (see .local/log/setup.log): mend the machine's mirror, then run: $line"
    }
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 # no service is started
    apt-get -q -o DPkg::Lock::Timeout=300 update &&
        apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}

# want_printing: reports become PDF files with wkhtmltopdf, which not every Debian has. Nothing fails for the lack of it.
want_printing() {
    local packages=(wkhtmltopdf)
    ! command -v wkhtmltopdf >/dev/null || return 0
    [ -n "$(chinese_fonts)" ] || packages+=(fonts-noto-cjk fontconfig)
    if is_root && ! stamped printing tried &&
        [[ $(LC_ALL=C apt-cache policy wkhtmltopdf 2>/dev/null) == *"Candidate: "[0-9]* ]]; then
        stamp printing tried
        ! step "installing ${packages[*]}" apt_install "${packages[@]}" || return 0
    fi
    say "no wkhtmltopdf here: a report opens as a page, which the browser prints"
}

# missing_packages [test]: names of the Debian packages without which the server (and the tests) cannot run.
missing_packages() {
    [ -s /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    find_python || [ -n "${PYTHON:-}" ] || odd_python >/dev/null || echo python3 python3-venv
    missing_libraries
    [ "${1:-}" = test ] || return 0
    find_chromium >/dev/null || echo chromium
    has_library libatomic.so.1 || echo libatomic1 # Playwright's driver
    command -v msgfmt >/dev/null || echo gettext
    command -v soffice >/dev/null || echo libreoffice-calc-nogui # opens the workbooks
    [ -n "$(chinese_fonts)" ] || echo fonts-noto-cjk fontconfig
    command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || echo nginx # the proxies that deploy/ configures
    command -v caddy >/dev/null || echo caddy
}

has_library() { [[ $(/sbin/ldconfig -p) == *"$1"* ]]; }
chinese_fonts() { fc-list :lang=zh 2>/dev/null; }
find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome-stable || command -v google-chrome; }
