# The checks of script/lint, one function each; .pre-commit-config.yaml names the same. Sourced after the others.
# shellcheck shell=bash
CHECKS=(ruff_check ruff_format mypy shell_syntax pylint_odoo oca_module oca_po translations odoo_lint)

check_ruff_check() { ruff check .; }
check_ruff_format() { ruff format --check .; }

# check_mypy: the types of the modules without Odoo, as set in pyproject.toml.
check_mypy() { mypy; }

check_shell_syntax() {
    local file status=0
    for file in $(grep -rlE '^#!.*\b(bash|sh)$|^# shellcheck shell=bash' script .ci); do bash -n "$file" || status=1; done
    return "$status"
}

# The documentation lies in readme/. A feature of a model that has a file of its own says so in its line "_inherit".
check_pylint_odoo() { pylint --rcfile=.pylintrc --disable=missing-readme addons/*; }
check_oca_module() { oca-checks-odoo-module --disable=prefer-readme-rst addons/*/__manifest__.py; }
check_oca_po() { oca-checks-po addons/*/i18n/*.po; }

# check_translations: zh_CN.po is valid and whole.
check_translations() {
    local addon said status=0
    for addon in addons/*/; do
        said=$(LC_ALL=C msgfmt --check --statistics -o /dev/null "$addon/i18n/zh_CN.po" 2>&1) || status=1
        case $said in *untranslated* | *fuzzy*) status=1 ;; esac
        echo "$addon $said"
    done
    return "$status"
}

# check_odoo_lint: Odoo's own lint tests, over our addons.
check_odoo_lint() (
    use_postgres
    export SRSP_RUN=$BASHPID
    db=$(python script/lib/databases.py copy lint) || return 1
    status=0
    port=$(python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
    python script/lib/odoo_lint.py -c odoo.conf -d "$db" -i test_lint --test-tags /test_lint --http-port "$port" \
        --stop-after-init --log-level test >"$LOG/lint.log" 2>&1 || status=1
    python script/lib/databases.py drop "$db"
    # The count of its tests is the sign that they ran at all.
    grep -oE '[0-9]+ failed, .* of [1-9][0-9]* tests' "$LOG/lint.log" || status=1
    [ "$status" = 0 ] || awk '/^[0-9-]+ [0-9:,]+ [0-9]+ / { bad = / (ERROR|CRITICAL) / } bad' "$LOG/lint.log"
    return "$status"
)
