import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { uuid } from "@web/core/utils/strings";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

const TYPES = {
    char: _t("Line of text"),
    text: _t("Text of several lines"),
    integer: _t("Whole number"),
    float: _t("Number"),
    date: _t("Date"),
    boolean: _t("Yes or no"),
    selection: _t("Choice"),
};

/** What a sector wants to know of its targets: one row per property of a properties definition. */
export class SrspAttributes extends Component {
    static template = "srsp_supervision.Attributes";
    static props = { ...standardFieldProps };

    setup() {
        this.added = new Set();
        this.pending = null;
    }

    get attributes() {
        return this.pending || this.props.record.data[this.props.name] || [];
    }

    get types() {
        return Object.entries(TYPES);
    }

    getType(attribute) {
        return TYPES[attribute.type] || attribute.type;
    }

    getChoices(attribute) {
        return (attribute.selection || []).map((choice) => choice[1]).join(_t(", "));
    }

    /** What a new type would make of the values that targets have already, nobody knows: only a new row has a choice. */
    canChangeType(attribute) {
        return this.added.has(attribute.name);
    }

    /** The record takes a moment to take a change over; the next one may come before that. */
    async save(attributes) {
        this.pending = attributes;
        await this.props.record.update({ [this.props.name]: attributes });
        if (this.pending === attributes) {
            this.pending = null;
        }
    }

    change(name, values) {
        return this.save(
            this.attributes.map((attribute) => (attribute.name === name ? { ...attribute, ...values } : attribute))
        );
    }

    changeType(name, type) {
        return this.change(name, { type, selection: type === "selection" ? [] : undefined });
    }

    /** A choice that keeps its words keeps its key, and with it the targets that have it. */
    changeChoices(attribute, text) {
        const known = new Map((attribute.selection || []).map(([key, label]) => [label, key]));
        const labels = text.split(/[,，、;；\n]/).map((label) => label.trim()).filter(Boolean);
        const selection = [...new Set(labels)].map((label) => [known.get(label) || uuid().slice(0, 8), label]);
        return this.change(attribute.name, { selection });
    }

    add() {
        const name = uuid().replaceAll("-", "").slice(0, 16);
        this.added.add(name);
        return this.save([...this.attributes, { name, string: _t("New attribute"), type: "char" }]);
    }

    remove(name) {
        return this.save(this.attributes.filter((attribute) => attribute.name !== name));
    }
}

registry.category("fields").add("srsp_attributes", {
    component: SrspAttributes,
    supportedTypes: ["properties_definition"],
});
