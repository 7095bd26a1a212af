/** The page that verifies: steps, the outcome in a sentence, a company's own ticket. All words are the page's. */

const root = document.querySelector(".o_verify");
const find = (name) => root.querySelector(`[data-part="${name}"]`);
const MAX_SHOWN = 120; // characters of a value in a sentence
const REGISTRY_CODE = /^[A-Z]{1,8}-\d+$/;
const CREDIT_CODE = /^[1-9ANY]\d{7}[0-9A-HJ-NPQRTUWXY]{10}$/; // GB 32100; the server checks the check digit

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
    } else if (data.tickets) {
        answer(data.tickets);
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
    root.dataset.number = summary.number;
    find("answers").replaceChildren();
    find("ticket").hidden = false;
    const asked = new URLSearchParams(location.search).get("ticket");
    if (asked) {
        find("code").value = asked;
        ask();
    }
}

/** Look up what was typed: as it stands, and else in capitals of one width, as codes are written. */
function ask() {
    const typed = find("code").value.trim();
    if (typed) {
        worker.postMessage({ tickets: [typed, typed.normalize("NFKC").replace(/[\s\p{Cf}]/gu, "").toUpperCase()] });
    }
}

function answer(tickets) {
    const known = tickets.filter((ticket) => !ticket.unknown);
    const code = tickets.at(-1).label;
    if (known.length) {
        const once = new Map(known.map((ticket) => [ticket.label, ticket]));
        find("answers").replaceChildren(...[...once.values()].map(describe));
    } else if (CREDIT_CODE.test(code)) {
        askForCodes(code);
    } else if (REGISTRY_CODE.test(code)) {
        reply("ticket-unknown", code);
    } else {
        reply("ticket-no-code", tickets[0].label);
    }
}

/** The website alone knows whose the codes are: ask it for those of one company in this draw. */
async function askForCodes(label) {
    const draw = encodeURIComponent(root.dataset.number);
    try {
        const response = await fetch(`/supervision/draws/${draw}/codes.json?uscc=${label}`);
        if (response.status === 400) {
            reply("ticket-no-code", label);
            return;
        }
        const { codes } = await response.json();
        if (codes.length) {
            worker.postMessage({ tickets: codes });
        } else {
            reply("ticket-no-target", label);
        }
    } catch {
        reply("ticket-unanswered", label);
    }
}

function reply(name, label) {
    find("answers").replaceChildren(line("answer", "fw-bold mb-0", sentence(name, { label })));
}

function line(part, className, text) {
    const element = document.createElement("p");
    element.dataset.part = part;
    element.className = className;
    element.textContent = text;
    return element;
}

function ticketWord(ticket) {
    if (ticket.excluded !== undefined) {
        return "ticket-excluded";
    }
    if (ticket.iteration) {
        return ticket.unavailable ? "ticket-replaced" : "ticket-drawn";
    }
    return ticket.place ? "ticket-not-drawn" : "ticket-waiting";
}

/** A stratum as a person reads it: by its key where the page knows the draw, else part by part. */
function stratumName(key) {
    const named = (part) => root.querySelector(`[data-say="stratum-${CSS.escape(part)}"]`)?.textContent.trim();
    return named(key) || key.split("/").map((part) => named(part) || part).join(" · ");
}

function describe(ticket) {
    const reason = ["other", ticket.excluded || ""]
        .map((code) => root.querySelector(`[data-say="reason-${CSS.escape(code)}"]`))
        .findLast((element) => element);
    const values = {
        ...ticket,
        excluded: reason ? reason.textContent.trim() : ticket.excluded,
        stratum: stratumName(ticket.stratum || ""),
        officers: (ticket.officers || []).join("、"),
    };
    const article = document.createElement("article");
    article.className = "mt-3";
    article.append(
        line("answer", "fw-bold mb-1", sentence(ticketWord(ticket), values)),
        line("place", "mb-1", ticket.place ? sentence("ticket-place", values) : ""),
        line("position", "o_digest text-muted mb-0", ticket.position || "")
    );
    return article;
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
