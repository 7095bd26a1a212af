"""What holds for whatever leaves the bureau as a file: only who may export gets it, and no cache keeps it."""

from odoo.exceptions import AccessError
from odoo.http import request, route

from odoo.addons.web.controllers.binary import Binary

NOT_KEPT = {"Cache-Control": "no-store"}


def check_may_export():
    """Raise unless Odoo's own export would be allowed to the user."""
    if not request.env.user.has_group("base.group_allow_export"):
        raise AccessError(request.env._("You do not have the right to export files."))


class Files(Binary):
    @route()
    def content_common(self, *args, **kwargs):
        """No cache keeps a file that is not for everybody."""
        response = super().content_common(*args, **kwargs)
        if not response.cache_control.public:
            response.headers.update(NOT_KEPT)
        return response
