import { onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

/** The registry of key targets says which targets the rules name that are not in it. */
export class SrspKeyTargetListController extends ListController {
    static template = "srsp_supervision.KeyTargetListView";

    setup() {
        super.setup();
        this.orm = useService("orm");
        this.hint = useState({ lines: [] });
        onWillStart(async () => {
            this.hint.lines = await this.orm.call("srsp.key.target", "get_hint", []);
        });
    }
}

registry.category("views").add("srsp_key_target_list", {
    ...listView,
    Controller: SrspKeyTargetListController,
});
