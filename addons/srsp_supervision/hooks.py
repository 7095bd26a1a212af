"""What Odoo's removal of the addon would leave behind, or would do one record at a time."""

from odoo.tools import SQL


def pre_init_hook(env):
    """Begin without what an earlier version of the addon left behind: its counter would contradict a new chain."""
    _remove_leftovers(env)


def uninstall_hook(env):
    _remove_leftovers(env)
    forget_records(
        env,
        "srsp_supervision",
        env["ir.model"].search([("model", "=like", "srsp.%")]).mapped("model"),
    )
    # The logins of the demonstration have the shortest of passwords, which the demonstration allowed.
    if env.ref("srsp_supervision.demo_user_policy", raise_if_not_found=False):
        env["ir.config_parameter"].set_param("auth_password_policy.minlength", "8")
    env.cr.execute(
        """UPDATE res_users SET active = false FROM ir_model_data data
            WHERE data.module = 'srsp_supervision' AND data.model = 'res.users' AND data.res_id = res_users.id"""
    )


def _remove_leftovers(env):
    """Delete functions with their triggers and indexes, the counters of the chains, and system parameters."""
    env.cr.execute(
        """SELECT proname FROM pg_proc
            WHERE starts_with(proname, 'srsp_') AND pronamespace = current_schema::regnamespace"""
    )
    for [name] in env.cr.fetchall():
        env.cr.execute(SQL("DROP FUNCTION %s CASCADE", SQL.identifier(name)))
    env["ir.sequence"].search([("code", "=", "srsp.event")]).unlink()
    keys = ["|", ("key", "=like", "srsp.%"), ("key", "=like", "srsp\\_supervision.%")]
    env["ir.config_parameter"].search(keys).unlink()


def forget_records(env, addon, models):
    """Forget the external names of records of ``models``, which go with their tables and not one by one."""
    env.cr.execute(
        "DELETE FROM ir_model_data WHERE module = %s AND model = ANY(%s)",
        [addon, models],
    )
