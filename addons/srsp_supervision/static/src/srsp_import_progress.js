import { Component, onWillDestroy } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const EVERY = 1000; // milliseconds

/** A bar that shows how far an import is, and looks again every second while it is at work. */
export class SrspImportProgress extends Component {
    static template = "srsp_supervision.ImportProgress";
    static props = { ...standardFieldProps };

    setup() {
        const timer = setInterval(() => this.look(), EVERY);
        onWillDestroy(() => clearInterval(timer));
    }

    get percent() {
        return this.props.record.data[this.props.name];
    }

    get isWorking() {
        return ["checking", "importing"].includes(this.props.record.data.state);
    }

    async look() {
        if (this.isWorking && !this.looking) {
            this.looking = true;
            try {
                await this.props.record.load();
            } finally {
                this.looking = false;
            }
        }
    }
}

registry.category("fields").add("srsp_import_progress", {
    component: SrspImportProgress,
    supportedTypes: ["integer"],
});
