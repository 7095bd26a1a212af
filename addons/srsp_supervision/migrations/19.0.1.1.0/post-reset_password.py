"""Until now anybody could ask for a new password by mail; from now on an administrator sends the link."""


def migrate(cr, version):
    cr.execute(
        "UPDATE ir_config_parameter SET value = 'False' WHERE key = 'auth_signup.reset_password'"
    )
