"""The window actions that buttons return."""


def get_action(env, name, **values):
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
