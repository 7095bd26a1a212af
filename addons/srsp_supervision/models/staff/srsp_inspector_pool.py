from odoo import api, models
from odoo.fields import Domain


class SrspInspector(models.Model):
    """Whom a task may draw, and who is told when that changes between the announcement and the draw."""

    _inherit = "srsp.inspector"

    @api.model
    def _get_pool_domain(self, task):
        """Whose pools ``task`` draws from: a Domain on inspectors."""
        own = Domain(
            "division_id", "in", (task.division_id | task.cooperating_division_ids).ids
        )
        pools = own & Domain("pool_kind", "!=", "expert")
        if task.use_detachment:
            pools |= Domain("pool_kind", "=", "detachment")
        return pools & Domain("company_id", "=", task.company_id.id)

    @api.model
    def _get_eligible_domain(self, task):
        """Who may be drawn for ``task``: a Domain on inspectors, recusals aside.

        Certificates and absences decide by themselves, whoever asks: a certificate covers the whole window,
        a confirmed absence touches no day of it. In one of the task's sectors at least, the officer may inspect
        all of its items and holds what they demand.
        """
        return self._get_available_domain(task) & Domain.OR(
            self._get_able_domain(task, sector) for sector in task.sector_ids
        )

    @api.model
    def _get_able_domain(self, task, sector):
        """Inspectors of ``sector`` who may inspect the task's items in it: by their scope and their qualifications."""
        items = task.sudo().item_ids.filtered(lambda item: item.sector_id == sector)
        scope = Domain.AND(
            Domain("item_ids", "any!", [("id", "in", item._get_lineage().ids)])
            for item in items
        )
        demanded = Domain.AND(
            Domain("qualification_ids", "any!", [("id", "=", qualification.id)])
            for qualification in items.qualification_ids
        )
        whole_sector = Domain("item_ids", "not any!", Domain.TRUE)
        return (
            Domain("sector_ids", "in", sector.ids) & (whole_sector | scope) & demanded
        )

    @api.model
    def _get_available_domain(self, task):
        """Officers of the task's pools and sectors who are free to inspect, whatever their scope and qualifications."""
        window = (task.date_from, task.date_to)
        certificates = self.env["srsp.inspector.certificate"]._get_covering_domain
        absences = self.env["srsp.inspector.absence"]._get_binding_domain
        return (
            self._get_pool_domain(task)
            & Domain("on_duty", "=", True)
            & Domain("sector_ids", "in", task.sector_ids.ids)
            & Domain("certificate_ids", "any!", certificates(*window))
            & Domain("absence_ids", "not any!", absences(*window))
        )

    @api.model
    def _get_expert_domain(self, task):
        """Experts who may join the teams of ``task``: they enforce nothing, and need no certificate for it."""
        absences = self.env["srsp.inspector.absence"]._get_binding_domain
        return (
            Domain("pool_kind", "=", "expert")
            & Domain("company_id", "=", task.company_id.id)
            & Domain("on_duty", "=", True)
            & Domain("sector_ids", "in", task.sector_ids.ids)
            & Domain("absence_ids", "not any!", absences(task.date_from, task.date_to))
        )

    @api.model
    def _describe_lacking(self, task):
        """What keeps available officers out of ``task`` because its items ask for it, as a sentence; or nothing."""
        officers = self.sudo().search(self._get_available_domain(task))
        lacking = officers - self.sudo().search(self._get_eligible_domain(task))
        items = task.sudo().item_ids
        reasons = []
        for qualification in items.qualification_ids.sorted("name"):
            asking = items.filtered(lambda i, q=qualification: q in i.qualification_ids)
            found = lacking.filtered(
                lambda officer, q=qualification, asking=asking: (
                    officer.sector_ids & asking.sector_id
                    and q not in officer.qualification_ids
                )
            )
            if found:
                reasons.append(f"{qualification.name} ({len(found)})")
        for item in items:
            lineage = item._get_lineage()
            found = lacking.filtered(
                lambda officer, item=item, lineage=lineage: (
                    item.sector_id in officer.sector_ids
                    and officer.item_ids
                    and not officer.item_ids & lineage
                )
            )
            if found:
                text = self.env._("item scope without %(item)s", item=item.display_name)
                reasons.append(f"{text} ({len(found)})")
        if not reasons:
            return ""
        return self.env._(
            "Left out for what the items demand, with the number of officers who lack it: %(reasons)s.",
            reasons=", ".join(reasons),
        )

    def _find_announced_tasks(self):
        """``{inspector id: tasks}``: announced, not drawn yet, and from whose pools he may be drawn."""
        inspectors = self.sudo().with_context(active_test=False)
        tasks = inspectors.env["srsp.task"].search(
            [
                ("company_id", "in", inspectors.company_id.ids),
                ("announced_on", "!=", False),
                ("state", "in", ("planned", "committed")),
            ]
        )
        members = {
            task: inspectors.filtered_domain(self._get_pool_domain(task))
            for task in tasks
        }
        return {
            inspector.id: tasks.filtered(
                lambda task, inspector=inspector: inspector in members[task]
            )
            for inspector in inspectors
        }

    def _in_language(self):
        """These inspectors in the language of their bureau: for what stays on record with a task."""
        return self.company_id[:1]._srsp_in_language(self)

    def _tell_tasks_of_change(self, names, before):
        """Tell the tasks that had these inspectors in their pools ``before`` or have them now which fields
        ``names`` have changed."""
        localized = self._in_language()
        after = self._find_announced_tasks()
        labels = [
            self._fields[name]._description_string(localized.env) for name in names
        ]
        localized._tell_tasks(
            localized.env._(
                "changed in the registry: %(fields)s", fields=", ".join(labels)
            ),
            {key: before[key] | after[key] for key in after},
        )

    def _tell_tasks(self, what, tasks_by_id=None):
        """Put on record with every announced task that its pool has changed, and by whom.

        :param str what: what happened to each of these inspectors, no more than the task's readers may know
        :param tasks_by_id: ``{inspector id: tasks}``, all that are announced if not given
        """
        if tasks_by_id is None:
            tasks_by_id = self._find_announced_tasks()
        for inspector in self.sudo():
            for task in tasks_by_id[inspector.id]:
                task.with_env(inspector.env).message_post(
                    body=self.env._(
                        "After the announcement, %(inspector)s: %(what)s",
                        inspector=inspector.display_name,
                        what=what,
                    )
                )
