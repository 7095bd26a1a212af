from collections import Counter, defaultdict

from odoo import api, fields, models

from ...tools.certificate import one_line


class SrspRegion(models.Model):
    """A division of the administrative map with its code (GB/T 2260): where targets lie, which inspectors serve.

    ``label`` is its name in lists, strata and files: the end of its path (province, city, county …) that no other
    region of the bureau has, in most cases the name alone. Whoever serves a region serves those below it too.
    """

    _name = "srsp.region"
    _description = "Region"
    _inherit = ["srsp.guard.mixin"]
    _unchecked_texts = ("parent_path",)
    _order = "code, id"
    _rec_name = "label"
    _rec_names_search = ["label", "name", "code"]
    _parent_store = True
    _check_company_auto = True
    _guarded_fields = ("label",)

    name = fields.Char(required=True)
    label = fields.Char("Distinguishing Name", readonly=True, copy=False, index=True)
    code = fields.Char(
        required=True,
        help="Code according to GB/T 2260, e.g. 350102; towns and villages have 9 and 12 digits.",
    )
    parent_id = fields.Many2one(
        "srsp.region",
        "Parent Region",
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("srsp.region", "parent_id", "Child Regions")
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )

    _code_uniq = models.UniqueIndex(
        "(company_id, code)", "A region with this code already exists."
    )
    _name_uniq = models.UniqueIndex(
        "(company_id, coalesce(parent_id, 0), name)",
        "A region with this name already exists there.",
    )
    _code_format = models.Constraint(
        "CHECK (code ~ '^[0-9A-Z]{2,12}$')",
        "The code of a region is two to twelve digits or capital letters, e.g. 350102.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        regions = super().create([_cleaned(vals) for vals in vals_list])
        self._relabel(regions.company_id)._notify_tasks()
        return regions

    def write(self, vals):
        companies = self.company_id
        result = super().write(_cleaned(vals))
        if {"name", "parent_id", "company_id"} & vals.keys():
            (self | self._relabel(companies | self.company_id))._notify_tasks()
        return result

    def unlink(self):
        companies = self.company_id
        result = super().unlink()
        self._relabel(companies)._notify_tasks()
        return result

    @api.model
    def _relabel(self, companies):
        """Bring ``label`` up to date in the whole register of ``companies``, and with it the strata of their tasks.

        :return: the regions that had another label before
        """
        register = self.sudo().with_context(active_test=False)
        regions = register.search([("company_id", "in", companies.ids)])
        relabelled = self.browse()
        for company, own in regions.grouped("company_id").items():
            endings = {region: region._get_endings() for region in own}
            counts = Counter(text for texts in endings.values() for text in texts)
            renamed = {}
            for region, texts in endings.items():
                whole = f"{texts[-1]} {region.code}"
                label = next((text for text in texts if counts[text] == 1), whole)
                if label != region.label:
                    renamed[region.label] = label
                    relabelled |= region.filtered("label")
                    region.label = label
            self.env["srsp.task.stratum"]._rename_regions(company, renamed)
        return relabelled

    def _get_endings(self):
        """What the region may be called, from its name alone to the whole path."""
        texts, region = [self.name], self.parent_id
        while region:
            texts.append(region.name + texts[-1])
            region = region.parent_id
        return texts

    def _notify_tasks(self):
        """Post the change of the register on every announced task whose roster is not locked yet."""
        sectors = self.env["srsp.sector"].sudo()
        for company, regions in self.sudo().grouped("company_id").items():
            own = sectors.search([("company_id", "=", company.id)])
            for task in self.env["srsp.target"]._find_announced_tasks(own):
                task = task.company_id._srsp_in_language(task)
                task.message_post(
                    body=task.env._(
                        "After the announcement, the register of regions has changed: %(regions)s",
                        regions=", ".join(regions.mapped("label")),
                    )
                )

    def _get_labels_below(self):
        """``{id: labels}`` of each of these regions and of all below it."""
        register = self.sudo().with_context(active_test=False)
        labels = {region.id: set() for region in self}
        for region in register.search([("id", "child_of", self.ids)]):
            for above in map(int, region.parent_path.split("/")[:-1]):
                if above in labels:
                    labels[above].add(region.label)
        return labels

    @api.model
    def _get_words(self, company):
        """{name as files write it: regions of ``company``}: codes, and names with or without those above them."""
        register = self.sudo().with_context(active_test=False)
        regions = register.search([("company_id", "=", company.id)])
        words = defaultdict(register.browse)
        for region in regions:
            for text in region._get_endings():
                words[text] |= region
        words = {w: found.filtered("active") or found for w, found in words.items()}
        for region in regions:
            words[region.label] = words[region.code] = region
        return words


def _cleaned(vals):
    """``vals`` with the name in one line: it stands in the keys of strata."""
    return {**vals, "name": one_line(vals["name"] or "")} if "name" in vals else vals
