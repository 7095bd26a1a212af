"""The RPC of before JSON-2 takes a password with every call. Whoever needs it leaves ``srsp_close_rpc`` out."""

from odoo.http import request, route
from odoo.tools import config, str2bool

from odoo.addons.rpc.controllers import RPC


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
    if str2bool(config.get("srsp_close_rpc") or "False"):
        raise request.not_found()
