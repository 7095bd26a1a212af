/**
 * Verifies in the background. Takes `{url}`, `{bytes}` or `{tickets: [label, …]}`; posts
 * `{step, done, total}`, then `{summary, digest}`, `{difference: {where, expected, found}}` or
 * `{bad: {where, expected}}`; for labels `{tickets}`, in their order.
 */

import { Hash, agreesWithBrowser } from "./sha256.js";
import { BadInput, Difference } from "./text.js";
import { load, verify } from "./verify.js";

const TICK = 1 << 20; // bytes between two reports of progress
let checked = null;

const report = (step, done, total) => postMessage({ step, done, total });

async function download(url) {
    const response = await fetch(url);
    if (!response.ok) {
        throw new BadInput("download", String(response.status));
    }
    const total = Number(response.headers.get("Content-Length")) || 0;
    const pieces = [];
    let size = 0;
    let told = 0;
    for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done) {
            break;
        }
        pieces.push(value);
        size += value.length;
        if (size - told > TICK) {
            told = size;
            report("reading", Math.min(size, total), total);
        }
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
        bytes.set(piece, at);
        at += piece.length;
    }
    return bytes;
}

async function run({ url, bytes }) {
    const started = performance.now();
    report("reading");
    if ((await agreesWithBrowser()) === false) {
        throw new Error("this browser's SHA-256 and the page's own disagree");
    }
    const file = bytes ? new Uint8Array(bytes) : await download(url);
    const digest = new Hash().update(file).hex();
    const certificate = load(file);
    checked = verify(certificate, report);
    postMessage({ summary: checked.summary, digest, seconds: (performance.now() - started) / 1000 });
}

onmessage = async ({ data }) => {
    try {
        if (data.tickets) {
            postMessage({ tickets: data.tickets.map(checked.ticket) });
        } else {
            await run(data);
        }
    } catch (error) {
        const { where, expected, found, message } = error;
        if (error instanceof Difference) {
            postMessage({ difference: { where, expected, found } });
        } else if (error instanceof BadInput) {
            postMessage({ bad: { where, expected } });
        } else {
            postMessage({ bad: { where: message, expected: "failed" } });
        }
    }
};
