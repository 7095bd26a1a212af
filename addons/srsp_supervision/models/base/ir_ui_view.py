from odoo import models


class IrUiView(models.Model):
    """A record of ours is created on its own form: no search box offers to create one from the text typed.

    One click on such an offer would put a company without a credit code into the registry.
    """

    _inherit = "ir.ui.view"

    def _postprocess_access_rights(self, tree):
        nodes = tree.xpath("//field[starts-with(@model_access_rights, 'srsp.')]")
        models = [node.get("model_access_rights") for node in nodes]
        tree = super()._postprocess_access_rights(tree)
        for node, model in zip(nodes, models, strict=True):
            if model != "srsp.legal.basis":  # created while a line of a list is written
                node.set("can_create", "False")
        return tree
