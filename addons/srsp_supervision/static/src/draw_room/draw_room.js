/** @odoo-module ignore */
// The draw room's screen. It holds no state: what it shows follows from the server's answer and clock.
(() => {
    const LOOK = 1000; // milliseconds between two questions to the server
    const MOMENT = 6000; // how long the randomness stands alone
    const REVEAL = 24000; // within which all tickets appear
    const SLOWEST = 1500; // between two tickets
    const CARDS = 30; // tickets that fit on the screen
    // What fits: [roster rows up to, tickets up to, how the wall shows them]; else dots, and fine dots.
    const WALLS = [[72, 16, "o_room_wide"], [130, 6, "o_room_dense"], [400, Infinity, "o_room_dots"]];
    // Tickets up to, columns.
    const SHELVES = [[6, 3], [16, 4], [Infinity, 6]];

    const room = document.body;
    const one = (selector) => room.querySelector(selector);
    const all = (selector) => room.querySelectorAll(selector);
    const planned = Number(room.dataset.drawn); // how many are to be drawn
    const chips = new Map();
    let state = JSON.parse(room.dataset.state);
    let offset = state.now - Date.now(); // of the server's clock
    let shown = 0;

    const say = (selector, text) => all(selector).forEach((node) => {
        if (node.textContent !== String(text)) node.textContent = text;
    });
    const element = (tag, className, text) => {
        const node = document.createElement(tag);
        node.className = className;
        node.textContent = text;
        return node;
    };
    const two = (number) => String(number).padStart(2, "0");

    function buildWall() {
        const wall = one(".o_room_wall");
        const labels = JSON.parse(wall.dataset.labels);
        const fits = WALLS.find(([rows, tickets]) => labels.length <= rows && planned <= tickets);
        wall.className = `o_room_wall ${fits ? fits[2] : "o_room_dots o_room_fine"}`;
        wall.hidden = !labels.length;
        const isDotted = wall.classList.contains("o_room_dots");
        for (const label of labels) {
            const chip = element("span", "o_room_chip", isDotted ? "" : label);
            chips.set(label, chip);
            wall.append(chip);
        }
        one(".o_room_tickets").dataset.columns = SHELVES.find(([tickets]) => planned <= tickets)[1];
    }

    function countDown(left) {
        const seconds = Math.max(0, Math.ceil(left / 1000));
        const clock = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
        say("[data-show=waiting] .o_room_clock", clock.map(two).join(":"));
    }

    function showRandomness() {
        const { hex, numbers } = state.randomness;
        for (const box of all(".o_room_hex")) {
            if (!box.children.length) box.append(...hex.match(/.{1,8}/g).map((part) => element("code", "", part)));
            box.hidden = numbers.length > 0;
        }
        for (const box of all(".o_room_balls")) {
            if (!box.children.length) box.append(...numbers.map((number) => element("span", "", number)));
            box.hidden = !numbers.length;
        }
    }

    function showTicket(ticket, isNew) {
        chips.get(ticket.label)?.classList.add("o_room_lit");
        const tickets = one(".o_room_tickets");
        if (tickets.children.length >= CARDS) {
            one(".o_room_more").hidden = false;
            return;
        }
        const card = element("article", isNew ? "o_room_card o_room_new" : "o_room_card", "");
        card.append(
            element("b", "", ticket.label),
            element("span", "", ticket.name),
            element("small", "", [ticket.stratum, ...ticket.officers].join(" · ")),
            element("code", "", ticket.position.slice(0, 16) + "…")
        );
        tickets.append(card);
    }

    /** How many tickets are to be seen by now; -1 while the randomness stands alone. */
    function reached(now) {
        const step = Math.min(SLOWEST, REVEAL / Math.max(1, state.tickets.length));
        const since = now - state.drawn_at - MOMENT;
        return since < 0 ? -1 : Math.min(state.tickets.length, Math.floor(since / step));
    }

    function showDrawn(now) {
        const count = reached(now);
        const isNew = count - shown === 1;
        for (; shown < count; shown++) showTicket(state.tickets[shown], isNew);
        if (count < 0) return "spoken";
        const isDone = count === state.tickets.length;
        say("[data-show=tickets] .o_room_count", count);
        say("[data-show=result] .o_room_count", planned.toLocaleString());
        say(".o_room_visits", state.visits);
        return isDone ? "result" : "tickets";
    }

    function showQr() {
        const figure = one(".o_room_qr");
        const image = figure.querySelector("img");
        figure.hidden = !state.qr;
        if (state.qr && image.getAttribute("src") !== state.qr) image.src = state.qr;
    }

    function tick() {
        const now = Date.now() + offset;
        let phase = state.phase;
        if (phase === "waiting") {
            countDown(state.announced_for - now);
            if (now >= state.announced_for) phase = "due";
        }
        if (state.randomness) showRandomness();
        if (phase === "drawn") phase = showDrawn(now);
        if (phase === "result") showQr();
        say(".o_room_message", state.message);
        say(".o_room_witnesses b", state.witnesses);
        room.dataset.phase = phase;
    }

    async function look() {
        const asked = Date.now();
        try {
            const answer = await fetch(room.dataset.url, { cache: "no-store" });
            if (answer.ok) {
                state = await answer.json();
                offset = state.now - (asked + Date.now()) / 2;
            }
            room.classList.toggle("o_room_offline", !answer.ok);
        } catch {
            room.classList.add("o_room_offline");
        }
        setTimeout(look, state.phase === "drawn" || state.phase === "voided" ? 5 * LOOK : LOOK);
    }

    function chooseTheme() {
        const dark = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
        room.dataset.theme = localStorage.getItem("srsp_draw_room_theme") || dark;
        one(".o_room_theme").addEventListener("click", () => {
            room.dataset.theme = room.dataset.theme === "dark" ? "light" : "dark";
            localStorage.setItem("srsp_draw_room_theme", room.dataset.theme);
        });
    }

    chooseTheme();
    buildWall();
    tick();
    setInterval(tick, 100);
    setTimeout(look, LOOK);
})();
