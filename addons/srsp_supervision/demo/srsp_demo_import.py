import base64

from odoo import models

from .import_files import change, get_rows, make_workbook, spoil
from .srsp_demo import read_binary

# Inspectors whose certificates have a scan.
SCANNED = ("cg01", "cg02", "cg08", "dk06", "zd01", "zd05")
DISMISSED = "与全市执法骨干培训班时间冲突，请培训结束后再休"
SOURCES = {
    "survey": "省测绘资质管理系统（演示）",
    "mineral": "公共信用信息平台（演示）",
    "sea": "海域使用权登记台账（演示）",
}


class SrspDemo(models.AbstractModel):
    """How the registries of the demonstration are kept: files imported, scans attached, absences declared."""

    _inherit = "srsp.demo"  # pylint: disable=unknown-option-value,consider-merging-classes-inherited

    def _schedule_activities(self):
        result = super()._schedule_activities()
        self._attach_scans()
        self._declare()
        self._import_files()
        return result

    # Inspectors ----------------------------------------------------------------------------------

    def _attach_scans(self):
        scan = read_binary("certificate.pdf")
        for name in SCANNED:
            certificate = self._ref(f"certificate_{name}")
            certificate.write(
                {"scan": scan, "scan_name": f"{certificate.number}（样本）.pdf"}
            )
        self.env["srsp.inspector.certificate"]._cron_remind()

    def _declare(self):
        """Absences that wait, count and were dismissed; a recusal that an inspector declares himself."""
        self._report_absence("inspector2", "cg02", "leave", 26, 30, "年休假")
        early = self._report_absence("inspector1", "cg01", "leave", 12, 16, "年休假")
        early.with_user(self._ref("user_survey_manager"))._dismiss(DISMISSED)
        self._report_absence(
            "survey_manager", "cg07", "secondment", -40, -12, "抽调参加省厅质检"
        )
        self._report_absence(
            "mineral_manager", "dk05", "training", 33, 37, "参加省厅执法培训"
        )
        self.env["srsp.recusal"].with_user(self._ref("user_inspector1")).create(
            {
                "inspector_id": self._ref("inspector_cg01").id,
                "entity_id": self._ref("entity_050").id,
                "reason": "本人正在参加该单位所在产业园的住房团购，可能影响公正执法",
                "date_from": self._day(-1),
            }
        )

    def _report_absence(self, login, inspector, kind, first, last, reason):
        absences = self.env["srsp.inspector.absence"]
        return absences.with_user(self._ref(f"user_{login}")).create(
            {
                "inspector_id": self._ref(f"inspector_{inspector}").id,
                "kind": kind,
                "date_from": self._day(first),
                "date_to": self._day(last),
                "reason": reason,
            }
        )

    # Imports -------------------------------------------------------------------------------------

    def _import_files(self):
        """Four files: imported, the same again, one with bad rows, and a whole registry that lacks three targets."""
        survey = change(get_rows(self._get_targets("survey")[:12]))
        self._check("manager", "survey", survey, "测绘资质单位.xlsx", is_done=True)
        self._check("officer", "survey", survey, "测绘资质单位.xlsx")
        mineral = spoil(get_rows(self._get_targets("mineral")[:14]))
        self._check("officer", "mineral", mineral, "矿业权人信用风险分类.xlsx")
        sea = get_rows(self._get_targets("sea")[3:])
        self._check(
            "manager", "sea", sea, "海域使用项目全量.xlsx", is_done=True, is_full=True
        )

    def _get_targets(self, name):
        targets = self._ref(f"sector_{name}").target_ids
        return targets.filtered(lambda t: t.state != "cancelled").sorted("code")

    def _check(self, role, name, rows, file_name, is_done=False, is_full=False):
        """Upload a file as a user does, check it, and import it if ``is_done``."""
        user = self._ref(f"user_{name}_{role}")
        workbook = make_workbook(rows, f"{SOURCES[name]}导出表")
        record = (
            self.env["srsp.registry.import"]
            .with_user(user)
            .create(
                {
                    "source": SOURCES[name],
                    "file": base64.b64encode(workbook),
                    "file_name": file_name,
                    "is_full": is_full,
                }
            )
        )
        record.action_check()
        record.sudo()._run()
        if is_done:
            record.action_import()
            record.sudo()._run()
