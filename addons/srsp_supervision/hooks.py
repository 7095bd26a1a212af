"""What an installation finds and a removal of the addon would leave behind, or would do one record at a time."""

from odoo.tools import SQL


def pre_init_hook(env):
    """Begin without what an earlier version left behind, and install Chinese for a bureau in China.

    The counter of an earlier chain would contradict a new one; Chinese has to be there before the first text is entered
    in the bureau's language.
    """
    _remove_leftovers(env)
    chinese = env.ref("base.lang_zh_CN")
    bureaus = env["res.company"].search_count(
        [("partner_id.country_id.code", "=", "CN")]
    )
    if bureaus and not chinese.active:
        chinese.active = True
        installed = env["ir.module.module"].search([("state", "=", "installed")])
        installed._update_translations([chinese.code])


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
