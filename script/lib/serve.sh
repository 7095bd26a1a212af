# Run Odoo and the sandbox platform until the user has had enough. Sourced after base.sh.
# shellcheck shell=bash
LOGINS=addons/srsp_supervision/demo/logins.txt

# answers PORT: does something listen there?
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# status_of PORT PATH: the status of one HTTP request.
status_of() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1" && printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1:%s\r\n\r\n' "$2" "$1" >&3 &&
            read -r -t 60 _ status _ <&3 && echo "$status"
    ) 2>/dev/null
}

# background LOG COMMAND...: run it in a process group of its own; its end is this script's business (STARTED is its pid),
# and this script's sudden end is its own too. What it writes is for its owner alone: a log may tell of persons.
background() {
    local log=$1 with=()
    shift
    : >>"$log"
    chmod 600 "$log"
    ! setpriv --pdeathsig TERM true 2>/dev/null || with=(setpriv --pdeathsig TERM)
    set -m
    "${with[@]}" "$@" </dev/null >>"$log" 2>&1 8>&- 9>&- &
    STARTED=$!
    set +m
    CHILDREN[$STARTED]=1
}

# in_foreground COMMAND...: run it to its end: with the terminal where there is one, else listening to signals meanwhile.
in_foreground() {
    local pid status=0
    if [ -t 0 ]; then
        "$@" 8>&- 9>&-
        return
    fi
    set -m
    "$@" </dev/null 8>&- 9>&- &
    pid=$!
    set +m
    CHILDREN[$pid]=1
    wait "$pid" || status=$?
    unset "CHILDREN[$pid]"
    return "$status"
}

# capture COMMAND...: the same, its output being wanted: for use inside $(...).
capture() { exec "$@" </dev/null 8>&- 9>&-; }

# serve_platform DB: a sandbox for this database, and its demo's channel delivers there. Another checkout may have the port.
serve_platform() {
    local port=$PLATFORM_PORT note=$LOCAL/platform-$1 known pid
    [ -x script/platform ] || return 0
    if read -r known pid 2>/dev/null <"$note" && grep -qs platform_server "/proc/$pid/cmdline" && answers "$known"; then
        say "the sandbox platform of $1 runs already, on 127.0.0.1:$known"
        return 0
    fi
    if answers "$port"; then
        port=$(free_port)
        say "port $PLATFORM_PORT is taken: the sandbox platform takes $port instead"
    fi
    say "starting the sandbox platform on 127.0.0.1:$port"
    background "$LOG/platform.log" script/platform --port "$port"
    echo "$port $STARTED" >"$note"
    in_foreground "$VENV/bin/python" script/lib/databases.py channel "$1" --url "http://127.0.0.1:$port" ||
        die "the demo's channel could not be given the platform's address (see .local/log/database.log)"
}

# keep_log NAME: a log is continued, so that none is lost; a long one becomes NAME.1.
keep_log() {
    [ "$(stat -c %s "$LOG/$1.log" 2>/dev/null || echo 0)" -lt 20000000 ] || mv -f "$LOG/$1.log" "$LOG/$1.log.1"
}

# serve_odoo DB PORT WORKERS: returns when Odoo answers.
serve_odoo() {
    local options=(-d "$1" --db-filter "^${1//./\\.}\$" --http-port "$2")
    SERVER_LOG=server-$2 # one for each port: several servers of this checkout may run
    [ -z "$3" ] || options+=(--workers "$3" --gevent-port "$(($2 + 3))")
    say "starting Odoo (log in .local/log/$SERVER_LOG.log)"
    keep_log "$SERVER_LOG"
    background "$LOG/$SERVER_LOG.log" "$VENV/bin/python" "$VENV/bin/odoo" -c odoo.conf "${options[@]}"
    ODOO=$STARTED
    until [ "$(status_of "$2" /web/login)" = 200 ]; do
        kill -0 "$ODOO" 2>/dev/null || {
            log_tail "$SERVER_LOG" 25
            die "Odoo ended (see .local/log/$SERVER_LOG.log)"
        }
        sleep 0.3
    done
}

# print_logins DEMO
print_logins() {
    if [ -n "$1" ] && [ -s "$LOGINS" ]; then
        grep -vE '^ *(#|$)' "$LOGINS"
    else
        echo "admin admin administrator -"
    fi
}

wait_for_end() {
    wait "$ODOO" || true
    log_tail "$SERVER_LOG" 25
    die "Odoo ended by itself (see .local/log/$SERVER_LOG.log)"
}
