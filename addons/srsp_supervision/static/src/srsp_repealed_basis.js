import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The mark, in a list, of what rests on a repealed legal basis; the field's text says on which. */
export class SrspRepealedBasis extends Component {
    static template = "srsp_supervision.RepealedBasis";
    static props = { ...standardFieldProps };

    get title() {
        const basis = this.props.record.data[this.props.name];
        return basis && _t("Legal basis repealed: %s", basis);
    }
}

registry.category("fields").add("srsp_repealed_basis", {
    component: SrspRepealedBasis,
    supportedTypes: ["char"],
    listViewWidth: 20,
});
