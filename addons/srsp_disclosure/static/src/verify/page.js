/** The page that verifies: steps, the outcome in a sentence, a company's own ticket. All words are the page's. */

const root = document.querySelector(".o_verify");
const find = (name) => root.querySelector(`[data-part="${name}"]`);
const MAX_SHOWN = 120; // characters of a value in a sentence

/** The sentence called `name`, with its places filled: `{name}`. */
function sentence(name, values = {}) {
    const template = root.querySelector(`[data-say="${CSS.escape(name)}"]`);
    const text = template ? template.textContent.trim() : name;
    return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}

function shown(value) {
    if (value && typeof value === "object" && value.say) {
        return sentence(`expected-${value.say}`, { value: shown(value.value) });
    }
    const text = typeof value === "string" ? value : JSON.stringify(value) || "";
    return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

function tell(outcome, text, more = "") {
    const box = find("outcome");
    root.dataset.outcome = { success: "sound", danger: "difference", warning: "bad" }[outcome];
    box.className = `alert alert-${outcome} mt-3`;
    box.querySelector("[data-part=sentence]").textContent = text;
    box.querySelector("[data-part=more]").textContent = more;
    box.hidden = false;
}

let worker = null;
let current = null;

function begin(message, transfer = []) {
    worker?.terminate();
    worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => receive(data);
    worker.onerror = () => receive({ bad: { where: "", expected: "failed" } });
    root.querySelectorAll("[data-step]").forEach((step) => mark(step, ""));
    find("outcome").hidden = true;
    find("ticket").hidden = true;
    find("steps").hidden = false;
    current = null;
    delete root.dataset.outcome;
    worker.postMessage(message, transfer);
}

/** @param {string} state "", "doing", "done" or "failed" */
function mark(step, state, progress = "") {
    const icons = { doing: "fa-spinner fa-spin", done: "fa-check", failed: "fa-times" };
    step.className = `o_verify_step ${state}`;
    step.querySelector("i").className = `fa fa-fw ${icons[state] || "fa-circle-o"}`;
    step.querySelector("[data-part=progress]").textContent = progress;
}

function proceed({ step, done, total }) {
    const element = root.querySelector(`[data-step="${step}"]`);
    if (current && current !== element) {
        mark(current, "done");
    }
    current = element;
    mark(element, "doing", total ? `${Math.floor((100 * done) / total)} %` : "");
}

function receive(data) {
    if (data.step) {
        proceed(data);
    } else if (data.ticket) {
        showTicket(data.ticket);
    } else if (data.summary) {
        mark(current, "done");
        succeed(data);
    } else {
        if (current) {
            mark(current, "failed");
        }
        const { difference, bad } = data;
        if (difference) {
            const { where, expected, found } = difference;
            const section = sentence(`section-${where.match(/^\w+/)[0]}`);
            tell("danger", sentence("difference", { section, where, expected: shown(expected), found: shown(found) }));
        } else {
            const expected = sentence(`expected-${bad.expected}`);
            tell("warning", sentence("bad", { where: bad.where, expected }));
        }
    }
}

function succeed({ summary, digest, seconds }) {
    const published = root.dataset.digest;
    if (published && published !== digest && root.dataset.source === "url") {
        tell("danger", sentence("digest", { expected: published, found: digest }));
        return;
    }
    const more = sentence("detail", { ...summary, digest, seconds: seconds.toFixed(1) });
    tell("success", sentence(summary.iterations ? "sound" : "undrawn", summary), more);
    find("ticket").hidden = false;
    const asked = new URLSearchParams(location.search).get("ticket");
    if (asked) {
        find("code").value = asked;
        ask();
    }
}

function ask() {
    const code = find("code").value.trim();
    if (code) {
        worker.postMessage({ ticket: code });
    }
}

function ticketWord(ticket) {
    if (ticket.unknown) {
        return "ticket-unknown";
    }
    if (ticket.excluded !== undefined) {
        return "ticket-excluded";
    }
    if (ticket.iteration) {
        return ticket.unavailable ? "ticket-replaced" : "ticket-drawn";
    }
    return ticket.place ? "ticket-not-drawn" : "ticket-waiting";
}

function showTicket(ticket) {
    const reason = root.querySelector(`[data-say="reason-${CSS.escape(ticket.excluded || "")}"]`);
    const stratum = root.querySelector(`[data-say="stratum-${CSS.escape(ticket.stratum || "")}"]`);
    const values = {
        ...ticket,
        excluded: reason ? reason.textContent.trim() : ticket.excluded,
        stratum: stratum ? stratum.textContent.trim() : ticket.stratum,
        officers: (ticket.officers || []).join("、"),
    };
    find("answer").textContent = sentence(ticketWord(ticket), values);
    find("place").textContent = ticket.place ? sentence("ticket-place", values) : "";
    find("position").textContent = ticket.position || "";
}

async function takeFile(file) {
    if (file) {
        root.dataset.source = "file";
        const bytes = await file.arrayBuffer();
        begin({ bytes }, [bytes]);
    }
}

find("start")?.addEventListener("click", () => {
    root.dataset.source = "url";
    begin({ url: root.dataset.url });
});
find("file").addEventListener("change", (event) => takeFile(event.target.files[0]));
find("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
});
const drop = find("drop");
for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
        event.preventDefault();
        drop.classList.toggle("o_verify_over", name === "dragover");
        if (name === "drop") {
            takeFile(event.dataTransfer.files[0]);
        }
    });
}
if (root.dataset.url && new URLSearchParams(location.search).get("ticket")) {
    find("start").click();
}
