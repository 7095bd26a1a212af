import contextlib
import tempfile

from werkzeug.wsgi import FileWrapper

from odoo import api, http
from odoo.exceptions import UserError
from odoo.http import content_disposition, request
from odoo.modules.registry import Registry

from .downloads import NOT_KEPT, check_may_export

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
BLOCK = 64 * 1024  # bytes
MAX_BYTES = 2_000_000_000  # of an upload: an attachment's size is a 32-bit number


def _get_max_bytes(_controller):
    """Who may not import keeps the usual limit: the body is on disk before the route begins."""
    may_import = request.env["srsp.registry.import"].has_access("create")
    return MAX_BYTES if may_import else request.httprequest.max_content_length


class RegistryFiles(http.Controller):
    @http.route(
        "/srsp/registry/import/<int:import_id>/file",
        type="http",
        auth="user",
        methods=["POST"],
        max_content_length=_get_max_bytes,
    )
    def upload(self, import_id, ufile):
        """The file of an import, which never is in the memory as a whole."""
        record = request.env["srsp.registry.import"].browse(import_id)
        try:
            with request.env.cr.savepoint():
                record._set_file(ufile.stream, ufile.filename)
        except UserError as error:
            answer = {"error": {"message": str(error)}}
            return request.make_json_response(answer, status=error.http_status)
        return request.make_json_response({})

    @http.route(
        "/srsp/registry/<any(target, inspector):kind>.<any(csv, xlsx):extension>",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def export(self, kind, extension):
        """A registry, as far as the user may read it."""
        check_may_export()
        table = self._get_table(kind)
        name = table._get_export_name()
        if extension == "csv":
            return self._respond(_stream_csv(request.env, kind), f"{name}.csv")
        return self._respond_workbook(table._write_export, f"{name}.xlsx")

    @http.route(
        "/srsp/registry/<any(target, inspector):kind>/template.xlsx",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=True,
    )
    def template(self, kind):
        """An empty workbook with the columns that an import knows."""
        table = self._get_table(kind)
        name = table._get_template_name()
        return self._respond_workbook(table._write_template, f"{name}.xlsx")

    def _get_table(self, kind):
        """Return the table of a registry that the user may read."""
        table = request.env[f"srsp.registry.table.{kind}"]
        request.env[table._model].check_access("read")
        return table

    def _respond_workbook(self, write, name):
        file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115
        write(file.name)
        return self._respond(FileWrapper(file, BLOCK), name)  # which closes the file

    def _respond(self, chunks, name):
        return request.make_response(
            chunks,
            headers=[
                ("Content-Type", TYPES[name.rpartition(".")[2]]),
                ("Content-Disposition", content_disposition(name)),
                *NOT_KEPT.items(),
            ],
        )


def _stream_csv(env, kind):
    """Read while the client takes it: the request and its cursor are gone by then."""
    db, uid, context = env.cr.dbname, env.uid, dict(env.context)
    with contextlib.closing(Registry(db).cursor(readonly=True)) as cr:
        env = api.Environment(cr, uid, context)
        yield from env[f"srsp.registry.table.{kind}"]._stream_csv()
