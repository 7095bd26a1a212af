"""XML-RPC and JSON-RPC, which take a password with every call, are closed: integrators use JSON-2 with an API key.

The system parameter ``srsp_supervision.close_rpc`` set to ``False`` opens them again.
"""

import logging

from odoo.http import request, route
from odoo.tools import str2bool

from odoo.addons.rpc.controllers import RPC

_logger = logging.getLogger(__name__)


class ClosedRPC(RPC):
    @route()
    def jsonrpc(self, service, method, args):
        refuse_if_closed()
        return super().jsonrpc(service, method, args)

    @route()
    def xmlrpc_1(self, service):
        refuse_if_closed()
        return super().xmlrpc_1(service)

    @route()
    def xmlrpc_2(self, service):
        refuse_if_closed()
        return super().xmlrpc_2(service)


def refuse_if_closed():
    parameters = request.env["ir.config_parameter"].sudo()
    if str2bool(parameters.get_param("srsp_supervision.close_rpc", "True")):
        _logger.info("RPC is closed by the parameter srsp_supervision.close_rpc")
        raise request.not_found()
