# The steps of the set-up: Python and its packages, then Odoo. Sourced after base.sh and postgres.sh.
# shellcheck shell=bash
PYTHON_FOUND=

# set_up [test|bench]: everything a server needs; with `test`, what the tests and the linters need as well, with `bench`,
# what benchmarks compare with.
set_up() {
    open_local
    locked set_up_steps "$@"
}

set_up_steps() {
    local packages
    [ -z "${ODOO_HOME:-}" ] || odoo_folder "$ODOO_HOME" >/dev/null ||
        die "ODOO_HOME=$ODOO_HOME holds no Odoo 19: name its source tree or its package's folder"
    mapfile -t packages < <(missing_packages "$@" | tr ' ' '\n' | grep .)
    need_packages "${packages[@]}"
    want_printing
    find_python ||
        die "needs Python 3.11, 3.12 or 3.13 with its venv module${PYTHON:+, not $PYTHON}: install one and name it in PYTHON="
    [ -e "$LOCAL/stamp/odoo" ] || need_room
    set_up_venv
    set_up_requirements server requirements.txt
    [ "${1:-}" != test ] || set_up_requirements test test-requirements.txt
    [ "${1:-}" != bench ] || set_up_requirements bench script/lib/bench.txt
    set_up_odoo
    set_up_postgres
}

need_room() {
    local free
    free=$(df -Pk "$LOCAL" | awk 'NR == 2 { print $4 }')
    [ "$free" -gt 2500000 ] || die "needs 2.5 GB of free disk in $ROOT, has $((free / 1000)) MB: make room"
}

# find_python: the first suitable interpreter, in PYTHON_FOUND.
find_python() {
    local name
    [ -z "$PYTHON_FOUND" ] || return 0
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        command -v "$name" >/dev/null || continue
        "$name" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
            2>/dev/null || continue
        PYTHON_FOUND=$(command -v "$name")
        return 0
    done
    return 1
}

# odd_python: is there a python3, but of a version that does not do?
odd_python() {
    command -v python3 && ! python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
}

set_up_venv() {
    local key
    key="$VENV $("$PYTHON_FOUND" -VV) $(hash_of script/lib/installer.txt)"
    ! stamped venv "$key" || return 0
    rm -rf "$VENV" "$LOCAL"/stamp/{venv,server,test,bench,odoo,embedded}
    step "making the Python environment" make_venv || {
        log_tail setup
        die "could not make the Python environment (see .local/log/setup.log): is the package index reachable?"
    }
    stamp venv "$key"
}

make_venv() {
    use_certificates
    "$PYTHON_FOUND" -m venv "$VENV" &&
        "$VENV/bin/python" -m pip install --quiet --require-hashes -r script/lib/installer.txt
}

# use_certificates: package clients trust what this machine trusts, unless told otherwise.
use_certificates() {
    local file=/etc/ssl/certs/ca-certificates.crt
    [ ! -s "$file" ] || export PIP_CERT="${PIP_CERT:-$file}" SSL_CERT_FILE="${SSL_CERT_FILE:-$file}"
}

set_up_requirements() {
    local key
    key=$(hash_of "$2")
    ! stamped "$1" "$key" || return 0
    step "installing the Python packages of $2" install_requirements "$2" || {
        log_tail setup
        die "could not install $2 (see .local/log/setup.log): is the package index reachable, the disk full?"
    }
    stamp "$1" "$key"
}

# install_requirements FILE: with uv; where that does not get through, with pip as this machine has it set up.
install_requirements() {
    use_certificates
    "$VENV/bin/uv" pip install --quiet --python "$VENV/bin/python" --require-hashes -r "$1" ||
        "$VENV/bin/python" -m pip install --quiet --require-hashes -r "$1"
}

# set_up_odoo: ODOO_HOME, else an importable Odoo 19, else Debian's package. All that follows finds it through the
# environment's path, as `.local/venv/bin/odoo`.
set_up_odoo() {
    local home
    if [ -n "${ODOO_HOME:-}" ]; then
        home=$(odoo_folder "$ODOO_HOME")
    elif ! home=$(importable_odoo); then
        home=$LOCAL/odoo/usr/lib/python3/dist-packages
        [ -d "$home" ] || unpack_odoo
    fi
    ! stamped odoo "$home" || return 0
    printf '%s\n' "$home" >"$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/odoo.pth"
    # Not `python -m odoo`: with workers, Odoo restarts itself by this file's name.
    printf '#!%s\nfrom odoo.cli.command import main\n\nmain()\n' "$VENV/bin/python" >"$VENV/bin/odoo"
    chmod +x "$VENV/bin/odoo"
    stamp odoo "$home"
}

# odoo_folder DIR: prints the folder to put on Python's path when DIR is an Odoo 19 source tree, the folder of its
# package or the folder that holds the package.
odoo_folder() {
    local dir
    for dir in "$1" "$1/.."; do
        grep -qs '^version_info *= *(19,' "$dir/odoo/release.py" || continue
        (cd "$dir" && pwd -P)
        return 0
    done
    return 1
}

importable_odoo() {
    local dir
    dir=$(cd / && "$PYTHON_FOUND" -c 'import os, odoo.release as r; print(os.path.dirname(os.path.dirname(r.__file__)))' \
        2>/dev/null) && odoo_folder "$dir"
}

unpack_odoo() {
    [ -d "$CACHE/odoo-19" ] || step "fetching Odoo 19 (133 MB)" script/lib/fetch-odoo "$CACHE/odoo-19" || {
        log_tail setup
        die "could not fetch Odoo 19 from Debian (see .local/log/setup.log): name a full mirror in DEBIAN_MIRROR=," \
            "or an Odoo 19 you have in ODOO_HOME="
    }
    step "unpacking Odoo 19" script/lib/unpack-odoo "$CACHE/odoo-19" "$LOCAL/odoo" || {
        log_tail setup
        die "could not unpack Odoo 19 (see .local/log/setup.log): is the disk full? A broken download: rm -r $CACHE/odoo-19"
    }
}
