/** @odoo-module ignore */
// The draw room's screen. It holds no state: what it shows follows from the server's answer and clock.
(() => {
    const LOOK = 1000; // milliseconds between two questions to the server
    const MOMENT = 6000; // how long the randomness stands alone
    const REVEAL = 24000; // within which all tickets appear
    const SLOWEST = 1500; // between two tickets
    const PAGE = 8000; // how long a page of tickets or strata stands
    const SHARE = 0.4; // of the panel that the roster may take where the tickets need pages
    // The roster, label by label or as dots; the tickets, in rem: the most readable way first.
    const WALLS = [["o_room_large", "o_room_medium", "o_room_small"], ["o_room_dots", "o_room_dots o_room_fine"]];
    const SIZES = [1.6, 1.5, 1.4, 1.3, 1.2, 1.1, 1];
    const DETAILED = 1.2; // from this size on a ticket shows its stratum and position
    const MANY = 8; // strata, from which on they are written smaller
    const PAGED = 1.1; // the size of tickets that need pages

    const room = document.body;
    const one = (selector) => room.querySelector(selector);
    const all = (selector) => room.querySelectorAll(selector);
    const planned = Number(room.dataset.drawn); // how many are to be drawn
    const panel = one(".o_room_roster");
    const wall = one(".o_room_wall");
    const shelf = one(".o_room_tickets");
    const strata = [...all(".o_room_strata tbody tr")];
    const chips = new Map();
    let cards = [];
    let perPage = 0; // tickets; 0: nothing has been arranged yet
    let strataPerPage = 0;
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
        const labels = JSON.parse(wall.dataset.labels);
        wall.hidden = !labels.length;
        for (const label of labels) {
            const chip = element("span", "o_room_chip", label);
            chips.set(label, chip);
            wall.append(chip);
        }
        setLabelWidth(labels);
    }

    function setLabelWidth(labels) {
        room.style.setProperty("--label", labels.reduce((width, label) => Math.max(width, label.length), 0));
    }

    const setWall = (way) => wall.className = `o_room_wall ${way}`;

    function setSize(size) {
        shelf.style.fontSize = `${size}rem`;
        shelf.classList.toggle("o_room_detailed", size >= DETAILED);
    }

    function fits(way, size) {
        setWall(way);
        setSize(size);
        return panel.scrollHeight <= panel.clientHeight;
    }

    /** Show the whole roster and all tickets as large as they fit, else pages of tickets. */
    function arrange() {
        const isDrawn = ["tickets", "result"].includes(room.dataset.phase);
        shelf.replaceChildren(...(isDrawn ? cards : []));
        const isFound = WALLS.some((ways) => SIZES.some((size) => ways.some((way) => fits(way, size))));
        perPage = isFound ? Infinity : choosePerPage();
        shelf.replaceChildren();
        arrangeStrata();
    }

    /** How many tickets to put on a page beside the roster. */
    function choosePerPage() {
        WALLS.flat().find((way) => {
            setWall(way);
            return wall.offsetHeight <= SHARE * panel.clientHeight;
        });
        setSize(PAGED);
        const { rowGap, gridTemplateColumns } = getComputedStyle(shelf);
        const row = Math.max(...cards.map((card) => card.offsetHeight)) + parseFloat(rowGap);
        const over = panel.scrollHeight - panel.clientHeight;
        const columns = gridTemplateColumns.split(" ").length;
        const rows = Math.max(1, Math.floor((shelf.offsetHeight + parseFloat(rowGap) - over) / row));
        return columns * Math.ceil(spread(cards.length, columns * rows) / columns);
    }

    /** How many of `total` to put on a page that takes `most`, so that all pages hold about as many. */
    const spread = (total, most) => Math.ceil(total / Math.ceil(total / most));

    function arrangeStrata() {
        const box = one(".o_room_strata");
        box.classList.toggle("o_room_many", strata.length > MANY);
        strata.forEach((row) => row.hidden = false);
        const heights = strata.map((row) => row.offsetHeight);
        const over = box.scrollHeight - box.clientHeight;
        const free = heights.reduce((sum, height) => sum + height, -over);

        const fitting = over <= 0 ? strata.length : Math.max(1, Math.floor(free / Math.max(...heights)));
        strataPerPage = spread(strata.length, fitting);
    }

    /** Say which of `total` stand on the page, unless there is but one. */
    function sayRange(selector, page, size, total) {
        const first = page * size + 1;
        const range = `${first}–${Math.min(total, first + size - 1)} / ${total.toLocaleString()}`;
        say(selector, size < total ? range : "");
    }

    function turnStrata(now) {
        const page = Math.floor(now / PAGE) % Math.ceil(strata.length / strataPerPage);
        strata.forEach((row, index) => row.hidden = Math.floor(index / strataPerPage) !== page);
        sayRange(".o_room_strata .o_room_range", page, strataPerPage, strata.length);
    }

    /** Put the tickets of one page on the screen, as far as they have appeared. */
    function turnTickets(page) {
        const first = perPage < cards.length ? page * perPage : 0;
        const wanted = cards.slice(first, Math.min(shown, first + perPage));
        if (wanted[0] !== shelf.firstElementChild) shelf.replaceChildren();
        shelf.append(...wanted.slice(shelf.children.length));
        sayRange(".o_room_drawn .o_room_range", page, perPage, cards.length);
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

    function buildCards() {
        cards = state.tickets.map((ticket) => {
            const card = element("article", "o_room_card", "");
            const head = element("p", "", "");
            head.append(element("b", "", ticket.label), element("span", "", ticket.officers.join(" ")));
            card.append(
                head,
                element("span", "", ticket.name),
                element("small", "", ticket.stratum),
                element("code", "", ticket.position.slice(0, 16) + "…")
            );
            return card;
        });
        setLabelWidth(state.tickets.map((ticket) => ticket.label));
        one(".o_room_more").hidden = planned <= cards.length;
        say(".o_room_more b", (planned - cards.length).toLocaleString());
    }

    /** Milliseconds from one ticket to the next. */
    const step = () => Math.min(SLOWEST, REVEAL / Math.max(1, cards.length));

    /** How many tickets are to be seen by now; -1 while the randomness stands alone. */
    function reached(since) {
        return since < 0 ? -1 : Math.min(cards.length, Math.floor(since / step()));
    }

    function showDrawn(now) {
        if (cards.length !== state.tickets.length) buildCards();
        const since = now - state.drawn_at - MOMENT;
        const count = reached(since);
        if (count - shown === 1) cards[shown].classList.add("o_room_new");
        for (; shown < count; shown++) chips.get(state.tickets[shown].label)?.classList.add("o_room_lit");
        if (count < 0) return "spoken";
        say("[data-show=tickets] .o_room_count", count);
        say("[data-show=result] .o_room_count", planned.toLocaleString());
        say(".o_room_visits", state.visits);
        return count === cards.length ? "result" : "tickets";
    }

    /** The page of the newest ticket; once all are there, one page after the other. */
    function choosePage(now) {
        if (room.dataset.phase === "tickets") return Math.floor(Math.max(0, shown - 1) / perPage);
        const done = now - state.drawn_at - MOMENT - step() * cards.length;
        return Math.floor(done / PAGE) % Math.ceil(cards.length / perPage);
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
        if (room.dataset.phase !== phase || !perPage) {
            room.dataset.phase = phase;
            arrange();
        }
        turnStrata(now);
        if (phase === "tickets" || phase === "result") turnTickets(choosePage(now));
    }

    function again() {
        perPage = 0;
        tick();
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
    document.fonts.ready.then(again);
    addEventListener("resize", again);
    setInterval(tick, 100);
    setTimeout(look, LOOK);
})();
