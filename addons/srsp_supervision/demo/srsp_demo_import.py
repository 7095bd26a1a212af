import base64

from markupsafe import Markup

from odoo import api, models
from odoo.tools import file_open

from .import_files import change, get_rows, make_workbook, spoil

# Inspectors whose certificates have a scan.
SCANNED = ("cg01", "cg02", "cg08", "dk06", "zd01", "zd05")
DISMISSED = "与全市执法骨干培训班时间冲突，请培训结束后再休"
DECLARED = "本人正在参加该单位所在产业园的住房团购，可能影响公正执法"
SOURCES = {
    "survey": "省测绘资质管理系统（演示）",
    "mineral": "公共信用信息平台（演示）",
    "sea": "海域使用权登记台账（演示）",
}


class SrspDemo(models.AbstractModel):
    """How the registries of the demonstration are kept: files imported, scans attached, absences declared."""

    _inherit = "srsp.demo"  # pylint: disable=consider-merging-classes-inherited

    @api.model
    def _date_registries(self):
        result = super()._date_registries()
        self._translate_notes()
        return result

    @api.model
    def _translate_notes(self):
        """That records were entered, as the bureau's people read it: the data files were loaded in English."""
        for name, model in self.env.items():
            if not name.startswith("srsp.") or not hasattr(model, "message_ids"):
                continue
            noted = Markup("<span>%s ") % model._description
            notes = self.env["mail.message"].search(
                [("model", "=", name), ("body", "=like", f"{noted}%")]
            )
            if notes:
                record = model.browse(notes[0].res_id)
                notes.body = Markup("<span>%s</span>") % record._creation_message()

    @api.model
    def _schedule_activities(self):
        result = super()._schedule_activities()
        self._attach_scans()
        self._declare()
        self._import_files()
        return result

    # Inspectors ----------------------------------------------------------------------------------

    @api.model
    def _attach_scans(self):
        with file_open("srsp_supervision/demo/certificate.pdf", "rb") as file:
            scan = base64.b64encode(file.read())
        for name in SCANNED:
            certificate = self.env.ref(f"srsp_supervision.demo_certificate_{name}")
            certificate.write(
                {"scan": scan, "scan_name": f"{certificate.number}（样本）.pdf"}
            )
        self.env["srsp.inspector.certificate"]._cron_remind()

    @api.model
    def _declare(self):
        """Absences that wait, count and were dismissed; a recusal that an inspector declares himself."""
        first, second = self._user("inspector1"), self._user("inspector2")
        absences = self.env["srsp.inspector.absence"]
        absences.with_user(second).create(
            self._prepare_absence_vals("cg02", "leave", 26, 30, "年休假")
        )
        early = absences.with_user(first).create(
            self._prepare_absence_vals("cg01", "leave", 12, 16, "年休假")
        )
        manager = self._user("survey_manager")
        early.with_user(manager)._dismiss(DISMISSED)
        absences.with_user(manager).create(
            self._prepare_absence_vals(
                "cg07", "secondment", -40, -12, "抽调参加省厅质检"
            )
        )
        absences.with_user(self._user("mineral_manager")).create(
            self._prepare_absence_vals("dk05", "training", 33, 37, "参加省厅执法培训")
        )
        entity = self.env.ref("srsp_supervision.demo_entity_050")
        self.env["srsp.recusal"].with_user(first).create(
            {
                "inspector_id": self._inspector("cg01").id,
                "entity_id": entity.id,
                "reason": DECLARED,
                "date_from": self._day(-1),
            }
        )

    @api.model
    def _prepare_absence_vals(self, name, kind, first, last, reason):
        return {
            "inspector_id": self._inspector(name).id,
            "kind": kind,
            "date_from": self._day(first),
            "date_to": self._day(last),
            "reason": reason,
        }

    @api.model
    def _inspector(self, name):
        return self.env.ref(f"srsp_supervision.demo_inspector_{name}")

    # Imports -------------------------------------------------------------------------------------

    @api.model
    def _import_files(self):
        """Four files: imported, the same again, one with bad rows, and a whole registry that lacks three targets."""
        survey = change(get_rows(self._get_targets("survey")[:12]))
        self._import("survey_manager", "survey", survey, "测绘资质单位.xlsx")
        self._check("survey_officer", "survey", survey, "测绘资质单位.xlsx")
        mineral = spoil(get_rows(self._get_targets("mineral")[:14]))
        self._check("mineral_officer", "mineral", mineral, "矿业权人信用风险分类.xlsx")
        sea = get_rows(self._get_targets("sea")[3:])
        self._import("sea_manager", "sea", sea, "海域使用项目全量.xlsx", is_full=True)

    @api.model
    def _get_targets(self, name):
        targets = self.env.ref(f"srsp_supervision.demo_sector_{name}").target_ids
        return targets.filtered(lambda target: target.state != "cancelled").sorted(
            "code"
        )

    @api.model
    def _check(self, login, name, rows, file_name, is_full=False):
        """Upload a file as a user does, and check it."""
        title = f"{SOURCES[name]}导出表"
        record = (
            self.env["srsp.registry.import"]
            .with_user(self._user(login))
            .create(
                {
                    "source": SOURCES[name],
                    "file": base64.b64encode(make_workbook(rows, title)),
                    "file_name": file_name,
                    "is_full": is_full,
                }
            )
        )
        record.action_check()
        record.sudo()._run()
        return record

    @api.model
    def _import(self, login, name, rows, file_name, is_full=False):
        record = self._check(login, name, rows, file_name, is_full)
        record.action_import()
        record.sudo()._run()
