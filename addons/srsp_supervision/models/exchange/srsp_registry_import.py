import contextlib
import logging
import tempfile
from itertools import zip_longest

from psycopg2 import OperationalError
from psycopg2.errors import ForeignKeyViolation, UniqueViolation
from xlsxwriter.utility import xl_col_to_name

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...fields import current_company
from ...tools.sql import set_local
from ...tools.tables import open_table
from ...tools.tables.cells import normalise, show
from ...tools.tables.headings import join_headings
from ...tools.workbook import WorkbookError

_logger = logging.getLogger(__name__)
WORKING = ("checking", "importing")
MAX_HEADER_ROW = 20  # the headings are within the first rows
MAX_ATTEMPTS = 2  # to run an import that the server's time limit cuts off
MAX_CONFLICTS = 3  # with other people's changes to the same rows
CONFLICTS = (OperationalError, UniqueViolation, ForeignKeyViolation)


class SrspRegistryImport(models.Model):
    """One file for a registry: its columns are mapped, then it is checked as a whole and imported in one transaction.

    ``draft`` → (``checking``) → ``checked`` → (``importing``) → ``done``, or ``failed`` when the file cannot be read. A
    scheduled action does the work in the name of ``user_id``: ``srsp.registry.loader`` loads the rows, whose columns
    are those of ``srsp.registry.table``. The state changes in the transaction of the work: a server that dies leaves
    ``checking`` or ``importing``, and the next run starts again, once. The progress is the name of the working
    connection in PostgreSQL.

    An empty cell changes nothing; a bad row is left out and reported.
    """

    _name = "srsp.registry.import"
    _description = "Import into a registry"
    _inherit = ["srsp.guard.mixin", "mail.thread"]
    _unchecked_texts = ("message", "error_note", "error_file_name")
    _order = "id desc"
    _rec_name = "file_name"
    _guarded_fields = tuple(
        (
            "state user_id company_id attempts message header_row row_count "
            "created_count updated_count unchanged_count proposed_count bad_count hidden_count "
            "missing_count missing_target_ids change_ids error_ids error_note "
            "error_file error_file_name finished_on"
        ).split()
    )

    kind = fields.Selection(
        [("target", "Entities and targets"), ("inspector", "Inspectors")],
        "Registry",
        required=True,
        default="target",
    )
    source = fields.Char(
        required=True,
        help="Origin of the file, e.g. the credit platform. Its field mapping is saved under this name.",
    )
    # Not for readers: a file may hold identity numbers that the screen masks.
    file = fields.Binary(
        attachment=True, groups="srsp_supervision.group_division_officer"
    )
    file_name = fields.Char()
    with_hidden = fields.Boolean(
        "Include Hidden Rows",
        help="Import the rows that the sheet hides, for example by a filter, too.",
    )
    hidden_count = fields.Integer("Hidden Rows", readonly=True)
    is_full = fields.Boolean(
        "Full Registry",
        help="The file holds every target of its sectors: those missing from it are listed afterwards.",
    )
    company_id = current_company(readonly=True)
    user_id = fields.Many2one(
        "res.users",
        "Performed By",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("checking", "Being checked"),
            ("checked", "Checked"),
            ("importing", "Being imported"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        default="draft",
        readonly=True,
    )
    progress = fields.Integer(compute="_compute_progress", help="Percentage")
    attempts = fields.Integer(readonly=True, help="Number of runs started.")
    message = fields.Char(readonly=True, help="Reason for the failure, or the outcome.")
    header_row = fields.Integer(readonly=True)
    column_ids = fields.One2many("srsp.registry.import.column", "import_id", "Columns")
    row_count = fields.Integer("Rows", readonly=True)
    created_count = fields.Integer("New", readonly=True)
    updated_count = fields.Integer("Changed", readonly=True)
    unchanged_count = fields.Integer("Unchanged", readonly=True)
    proposed_count = fields.Integer(
        "Proposed as Key Targets",
        readonly=True,
        help="Subject to approval in the registry of key targets.",
    )
    bad_count = fields.Integer("Bad Rows", readonly=True)
    missing_count = fields.Integer("Missing from the File", readonly=True)
    change_ids = fields.One2many(
        "srsp.registry.import.change", "import_id", "Change Details", readonly=True
    )
    error_ids = fields.One2many(
        "srsp.registry.import.error", "import_id", "Bad Cells", readonly=True
    )
    error_note = fields.Char(readonly=True)
    error_file = fields.Binary(
        "Workbook of Bad Rows",
        attachment=True,
        readonly=True,
        groups="srsp_supervision.group_division_officer",
    )
    error_file_name = fields.Char(readonly=True)
    missing_target_ids = fields.Many2many(
        "srsp.target",
        "srsp_registry_import_missing_rel",
        "import_id",
        "target_id",
        "Missing Targets",
        readonly=True,
    )
    finished_on = fields.Datetime(readonly=True)

    def _compute_progress(self):
        """Read the progress from the name of the working connection, ``srsp_import/<id>/<per cent>``."""
        self.env.cr.execute(
            "SELECT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'srsp_import/%'"
        )
        found = [name.split("/")[1:] for [name] in self.env.cr.fetchall()]
        known = {int(import_id): int(percent) for import_id, percent in found}
        for record in self:
            done = 100 if record.state in ("checked", "done") else 0
            record.progress = known.get(record.id, done)

    @api.model_create_multi
    def create(self, vals_list):
        imports = super().create(vals_list)
        for record, vals in zip(imports, vals_list, strict=True):
            if vals.get("file", False) is not False:
                record._read_header()
        return imports

    def write(self, vals):
        inputs = {"kind", "source", "file", "is_full", "with_hidden", "column_ids"}
        given = inputs & vals.keys()
        if given and not self.env.su:
            self._check_state("draft", "checked", "failed")
        result = super().write(vals)
        if given and not self.env.su:
            self.sudo().state = "draft"
        if given & {"kind", "source", "file"}:
            self.filtered(
                lambda r: "file" in vals or r._find_attachment()
            )._read_header()
        return result

    def action_check(self):
        """Check the file as a whole; nothing is changed."""
        self._queue("checking", "draft", "checked", "failed")

    def action_import(self):
        self._queue("importing", "checked")

    def action_cancel_missing(self):
        self.ensure_one()
        self._check_done()
        if not self.missing_target_ids:
            raise UserError(self.env._("Nothing is missing from the file."))
        return self.env["srsp.reason"]._open(self, "import_cancel_missing")

    def action_keep_missing(self):
        """Leave the listed targets in the registry."""
        self._check_done()
        self.sudo().write({"missing_target_ids": False, "missing_count": 0})

    def _queue(self, state, *before):
        self._check_may_import()
        self._check_state(*before)
        self._check_columns()
        self.sudo().write({"state": state, "message": False, "attempts": 0})
        self.env["ir.cron"]._srsp_wake("srsp_supervision.ir_cron_registry_import")

    def _check_done(self):
        self._check_may_import()
        self._check_state("done")

    def _check_may_import(self):
        """Raise unless the user may create what the file would create."""
        for record in self:
            self.env[record._get_table()._model].check_access("create")
            if record.user_id != self.env.user:
                raise AccessError(
                    self.env._(
                        "“%(name)s” can only be imported by %(user)s.",
                        name=record.display_name,
                        user=record.user_id.sudo().name,
                    )
                )

    def _get_table(self):
        """Return the table of the registry that the import is for, in the import's company."""
        table = self.env[f"srsp.registry.table.{self.kind}"]
        return table.with_context(allowed_company_ids=self.company_id.ids)

    def _set_file(self, file, name):
        """Make an open file the record's ``file``, and read its headings."""
        self.ensure_one()
        self._check_may_import()
        self._check_state("draft", "checked", "failed")
        attachment = self._find_attachment()
        if not attachment:
            place = {name: value for name, _operator, value in self._get_file_domain()}
            attachment = attachment.create({"name": "file", **place})
        attachment._srsp_set_file(file)
        self.invalidate_recordset(["file"])
        self.file_name = name
        self._read_header()

    def _find_attachment(self):
        return self.env["ir.attachment"].sudo().search(self._get_file_domain())

    def _get_file_domain(self):
        return [
            ("res_model", "=", self._name),
            ("res_id", "=", self.id),
            ("res_field", "=", "file"),
        ]

    def _read_header(self):
        """Find the headings and map them; a file that cannot be read fails the import."""
        for record in self.sudo():
            record.column_ids.unlink()
            try:
                with record._open_file() as file:
                    record._guess_columns(next(iter(file.blocks())))
            except (WorkbookError, StopIteration) as error:
                record._fail(record._describe_file_error(error))

    @contextlib.contextmanager
    def _open_file(self):
        """Open the uploaded file as a ``TableFile``, straight from the file store where it is kept there."""
        attachment = self._find_attachment()
        if attachment.store_fname:
            yield open_table(attachment._full_path(attachment.store_fname))
            return
        with tempfile.NamedTemporaryFile() as copy:
            copy.write(attachment.raw or b"")
            copy.flush()
            yield open_table(copy.name)

    def _guess_columns(self, block):
        """Store the headings of the file's first block, mapped as in the last file of the same source."""
        table = self._get_table()
        known = table._get_headings(table._get_columns())
        rows = block.rows[:MAX_HEADER_ROW]
        at, labels = self._find_headings(rows, known)
        below = block.rows[at + 1 :]
        sample = next((row for row in below if any(row)), [])
        known |= self._get_remembered()
        taken, vals_list = {None, False}, []
        columns = zip_longest(labels, *below, fillvalue="")
        for position, (label, *values) in enumerate(columns):
            if label == "":
                if not any(values):
                    continue
                label = f"({xl_col_to_name(position)})"
            name = known.get(normalise(label))
            value = sample[position] if position < len(sample) else ""
            vals_list.append(
                {
                    "import_id": self.id,
                    "position": position,
                    "label": show(label)[:100],
                    "sample": show(value)[:100],
                    f"{self.kind}_column": name not in taken and name,
                }
            )
            taken.add(name)
        self.env["srsp.registry.import.column"].create(vals_list)
        self.sudo().write(
            {"header_row": block.first + at, "state": "draft", "message": False}
        )

    @api.model
    def _find_headings(self, rows, known):
        """Return (index of the last row of headings, [heading of each column]); headings may take two rows."""
        scores = [
            len({known.get(normalise(c)) for c in cells} - {None}) for cells in rows
        ]
        if max(scores, default=0) < 2:  # unknown headings: the first row that has any
            scores = [any(c != "" for c in cells) for cells in rows]
        if not any(scores):
            raise WorkbookError("empty_sheet")
        at = scores.index(max(scores))
        for upper, lower in ((at, at + 1), (at - 1, at)):
            if upper >= 0 and lower < len(rows):
                labels = join_headings(rows[upper], rows[lower])
                if any(normalise(label) in known for label in labels):
                    return lower, labels
        return at, rows[at]

    def _get_remembered(self):
        """{normalised heading: column name or False} of the source's last file that passed the check."""
        last = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("kind", "=", self.kind),
                ("source", "=", self.source),
                ("state", "in", ("checked", "done")),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        names = {False, *self._get_table()._get_labels()}
        found = {normalise(c.label): c._get_name() for c in last.column_ids}
        return {label: name for label, name in found.items() if name in names}

    def _get_mapping(self):
        """[(Column, place in the file)] in the registry's order."""
        places = {c._get_name(): c.position for c in self.column_ids}
        columns = self._get_table()._get_columns()
        return [(c, places[c.name]) for c in columns if c.name in places]

    def _check_columns(self):
        """Raise unless every needed column is mapped, and none twice."""
        for problem in self._find_mapping_problems():
            raise UserError(problem)

    def _find_mapping_problems(self):
        """Yield what is wrong with the field mapping, in words."""
        table = self._get_table()
        names = [c._get_name() for c in self.column_ids if c._get_name()]
        labels = table._get_labels()
        for column in self.column_ids:
            if (column._get_name() or "") not in ("", *labels):
                yield self.env._(
                    "“%(heading)s” is mapped to an attribute that no longer exists: choose its target field again.",
                    heading=column.label,
                )
        is_extract = self._is_extract()
        only_sector = table._get_only_sector_id()
        if is_extract and self.is_full:
            yield self.env._(
                "A full file must contain the sector of each row in a column."
            )
        for column in table._get_columns():
            label = labels[column.name]
            is_given = column.name in names
            if column.kind == "attribute" and is_given and "sector" not in names:
                yield self.env._(
                    "“%(column)s” is an attribute of a sector: the file needs a column for the sector of each row.",
                    column=label,
                )
            is_missing = column.required and not (is_given or is_extract)
            if is_missing and column.kind != "sector":
                yield self.env._(
                    "No column of the file is mapped to “%(column)s”.", column=label
                )
            elif is_missing and not only_sector:
                yield self.env._(
                    "No column of the file is mapped to “%(column)s”, and you answer for more than one: add a column "
                    "with the sector of each row.",
                    column=label,
                )
            if names.count(column.name) > 1:
                yield self.env._(
                    "Two columns of the file are mapped to “%(column)s”.", column=label
                )

    def _is_extract(self):
        """Return whether the file is about known records alone; a full registry is not."""
        table = self._get_table()
        names = {c._get_name() for c in self.column_ids}
        is_registry = self.is_full and table._get_only_sector_id()
        return table._is_extract(names) and not is_registry

    @api.model
    def _cron_run(self):
        """Check and import what waits, one file at a time, until the time of the run is up.

        One file is one transaction and cannot give way: what else is due runs in other threads for scheduled actions.
        """
        waiting = self.search([("state", "in", WORKING)], order="id")
        progress = self.env["ir.cron"]
        progress._commit_progress(remaining=len(waiting))
        for record in waiting:
            record.with_context(lang=record.user_id.lang)._run_safely()
            if not progress._commit_progress(1):
                break

    def _run_safely(self):
        """Run the import; an error fails this import and no other."""
        if not self._begin_attempt():
            return
        rule = None
        for _again in range(MAX_CONFLICTS):
            try:
                if self._lock_working():
                    self._run()
                return
            except CONFLICTS as error:
                # Somebody changed the same rows meanwhile: try again.
                self.env.cr.rollback()
                _logger.info("import %s meets other changes: %s", self.id, error)
                rule = error.diag.constraint_name
            except Exception as error:
                self.env.cr.rollback()
                _logger.exception("import %s failed", self.id)
                message = self.env._("The import failed; see the log.")
                self._fail(str(error) if isinstance(error, UserError) else message)
                return
        if rule:  # three times: nobody else is to blame
            message = self.env._(
                "The file breaks a rule of the database that its check did not find (%(rule)s). Nothing was changed: "
                "send the file to the administrator.",
                rule=rule,
            )
            _logger.error("import %s breaks %s", self.id, rule)
        else:
            message = self.env._("The registry is being changed: try again later.")
        self._fail(message)

    def _begin_attempt(self):
        """Return whether to run; if so, commit the attempt, which alone remains of a run that is cut off."""
        if not self._lock_working():
            return False
        if self.attempts == MAX_ATTEMPTS:
            self._fail(
                self.env._(
                    "Processing was interrupted %(count)s times before it finished, and nothing was changed. A file "
                    "of this size needs more time: ask the administrator to raise limit_time_real_cron in the "
                    "server's configuration.",
                    count=MAX_ATTEMPTS,
                )
            )
            return False
        self.attempts += 1
        self.env["ir.cron"]._commit_progress()
        return True

    def _lock_working(self):
        return bool(self.try_lock_for_update().filtered(lambda r: r.state in WORKING))

    def _run(self):
        """Check the file, and import it in the state ``importing``, in the name of the user."""
        self.ensure_one()
        record = self.with_user(self.user_id).with_context(
            lang=self.user_id.lang,
            tz=self.user_id.tz,
            allowed_company_ids=self.company_id.ids,
        )
        # Rights and attributes may have been removed since the button was pressed.
        record._check_may_import()
        record._check_columns()
        loader = record.env[f"srsp.registry.loader.{record.kind}"]
        self.env.flush_all()
        try:
            with record._open_file() as file:
                loader._stage(record, file)
                loader._check(record)
                if self.state == "importing":
                    loader._load(record)
                record._finish(file)
        except WorkbookError as error:
            self._fail(record._describe_file_error(error))
        self.env.invalidate_all()
        self._set_progress(None)

    def _set_progress(self, percent):
        """Publish the progress, None for no work. It takes effect at once, whatever becomes of the transaction."""
        name = "odoo" if percent is None else f"srsp_import/{self.id}/{int(percent)}"
        set_local(self.env.cr, application_name=name)

    def _fail(self, message):
        self.sudo().write({"state": "failed", "message": message, "attempts": 0})

    def _cancel_missing(self, reason):
        """Remove the listed targets from the registry by their state; for ``srsp.reason``."""
        self._check_done()
        targets = self.missing_target_ids.with_env(self.env)
        targets = targets.filtered(lambda target: target.state != "cancelled")
        targets.write({"state": "cancelled", "state_reason": reason})
        record = self.sudo()
        record.message_post(
            body=self.env._(
                "%(count)s targets missing from the file were removed: %(reason)s",
                count=len(targets),
                reason=reason,
            )
        )
        record.write({"missing_target_ids": False, "missing_count": 0})


class SrspRegistryImportColumn(models.Model):
    """A column of a file, mapped to a column of the registry."""

    _name = "srsp.registry.import.column"
    _description = "Column of an import"
    _order = "position, id"
    _rec_name = "label"

    import_id = fields.Many2one(
        "srsp.registry.import", required=True, index=True, ondelete="cascade"
    )
    position = fields.Integer(
        readonly=True, help="Position in the file, starting from 0."
    )
    label = fields.Char("Heading", readonly=True)
    sample = fields.Char("First Value", readonly=True)
    target_column = fields.Selection(
        lambda self: self._select("target"), "Mapped Field", help="Empty: not imported."
    )
    inspector_column = fields.Selection(
        lambda self: self._select("inspector"),
        "Target Field",
        help="Empty: not imported.",
    )

    def write(self, vals):
        """Change the mapping, before the work alone; the file is checked again. Nothing else can be changed."""
        if self.env.su:
            return super().write(vals)
        if vals.keys() - {"target_column", "inspector_column"}:
            raise AccessError(
                self.env._("Only the field mapping of a column can be changed.")
            )
        self.import_id._check_state("draft", "checked", "failed")
        result = super().write(vals)
        self.import_id.sudo().state = "draft"
        return result

    @api.model
    def _select(self, kind):
        table = self.env[f"srsp.registry.table.{kind}"]
        return list(table._get_labels().items())

    def _get_name(self):
        """Return the name of the registry's column, or False."""
        return self[f"{self.import_id.kind}_column"]
