import { useState, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { BinaryField, binaryField } from "@web/views/fields/binary/binary_field";

const MOST_BYTES = 2_000_000_000; // as controllers/registry.py

/** The file of an import, sent as it is and not within a form: it may be larger than the browser's memory. */
export class SrspImportFile extends BinaryField {
    static template = "srsp_supervision.ImportFile";
    static components = {};

    setup() {
        super.setup();
        this.fileUpload = useService("file_upload");
        this.input = useRef("input");
        this.state = useState({ upload: null });
        useBus(this.fileUpload.bus, "FILE_UPLOAD_LOADED", (ev) => this.onEnd(ev.detail.upload));
        useBus(this.fileUpload.bus, "FILE_UPLOAD_ERROR", (ev) => this.onEnd(ev.detail.upload));
    }

    get percent() {
        return Math.round(this.state.upload.progress * 100);
    }

    async onChange(ev) {
        const [file] = ev.target.files;
        const { record } = this.props;
        if (file.size > MOST_BYTES) {
            this.warn(
                _t(
                    "“%(name)s” exceeds the upload limit of %(most)s GB. Split it into several files with the same headings, or save it as a workbook (.xlsx), which is smaller.",
                    { name: file.name, most: MOST_BYTES / 1e9 }
                )
            );
        } else if (await record.save()) {
            this.state.upload = await this.fileUpload.upload(
                `/srsp/registry/import/${record.resId}/file`,
                [file],
                { displayErrorNotification: false }
            );
        }
        ev.target.value = null;
    }

    async onEnd(upload) {
        if (upload.id !== this.state.upload?.id) {
            return;
        }
        this.state.upload = null;
        if (upload.state === "error") {
            this.warn(this.describe(upload));
        }
        await this.props.record.load();
    }

    describe({ xhr, title }) {
        if (xhr.status === 413) {
            return _t(
                "The server does not accept a file as large as “%(name)s”. Split it into several files with the same headings, or ask the administrator to raise the limit of the proxy in front of the server.",
                { name: title }
            );
        }
        try {
            return JSON.parse(xhr.responseText).error.message;
        } catch {
            return _t("The upload of “%(name)s” was interrupted: try again.", { name: title });
        }
    }

    warn(message) {
        this.notification.add(message, { type: "danger", sticky: true });
    }
}

registry.category("fields").add("srsp_import_file", { ...binaryField, component: SrspImportFile });
