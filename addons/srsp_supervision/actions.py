"""The actions that buttons return to the web client."""

RELOAD = {"type": "ir.actions.client", "tag": "soft_reload"}


def get_action(env, name, /, **values):
    """Return the window action ``name`` of this addon, with other ``values``."""
    action = env["ir.actions.act_window"]._for_xml_id(f"srsp_supervision.{name}")
    return {**action, **values}


def get_form_action(record, **values):
    """Return the action that opens the form of ``record``: of a new one, if it is empty."""
    return {
        "type": "ir.actions.act_window",
        "res_model": record._name,
        "res_id": record.id,
        "view_mode": "form",
        **values,
    }


def get_dialog_action(record, name, **values):
    """Return the action that opens the form of ``record`` in a dialog with the title ``name``."""
    return get_form_action(record, name=name, target="new", **values)


def get_notification(kind, message, **params):
    """Return the action that shows ``message``; ``kind`` is ``info``, ``success``, ``warning`` or ``danger``."""
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"type": kind, "message": message, **params},
    }
