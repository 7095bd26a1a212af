"""The context keys by which a caller of Odoo would leave no trace, heeded from our own code alone."""

SILENT = object()  # the only value that silences; no client can send it

# No tracking, no line about the creation, no word to whom it was assigned, no to-do.
SILENCERS = frozenset(
    {
        "tracking_disable",
        "mail_notrack",
        "mail_create_nolog",
        "mail_auto_subscribe_no_notify",
        "mail_activity_automation_skip",
    }
)


def unsilence(records):
    """``records`` without the silencers of their context; those that our own code set stay in superuser mode."""
    env = records.env
    refused = {
        key
        for key in SILENCERS & env.context.keys()
        if not (env.su and env.context[key] is SILENT)
    }
    if not refused or not records._name.startswith("srsp."):
        return records
    context = {key: env.context[key] for key in env.context.keys() - refused}
    return records.with_env(env(context=context))
