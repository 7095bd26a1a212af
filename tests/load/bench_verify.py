"""The certificate of a draw of 5 % from SIZE targets, verified by tools/verify_draw.py in a process of its own.

Of 1,000,000 targets that takes less than 30 s. The peer hashes every label of the roster once in Python, which no
verifier can spare itself.
"""

import hashlib
import secrets
import subprocess
import sys
import tempfile

from bench_draw import NOW, make_task

SIZE = 100_000


def run(size, tools):
    env = tools.env
    tools.say(f"drawing from a registry of {size} targets")
    task = make_task(env, size)
    draw = task._lock_roster(NOW)
    draw._draw(task.draw_at)
    with tempfile.NamedTemporaryFile() as file:
        draw._write_certificate(file.write)
        file.flush()
        tools.say(f"a certificate of {file.tell() >> 20} MB")
        yield compare(draw, file.name, tools)


def compare(draw, path, tools):
    from odoo.tools import SQL

    from odoo.addons.srsp_supervision.tools import verify_draw, vrs

    labels = [label.encode() for [label] in draw._stream_roster(SQL("label"))]
    key = secrets.token_bytes(32)

    def verify():
        command = [sys.executable, verify_draw.__file__, path]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def hash_labels():
        # Two plain calls of SHA-256 are faster than an HMAC.
        sha256, (inner, outer) = hashlib.sha256, vrs.hmac_pads(key)
        for label in labels:
            sha256(outer + sha256(inner + label + vrs.EXPAND_COUNTER).digest()).digest()

    result = tools.compare(verify, hash_labels, "hash every label once")
    return {"measures": "verify_draw.py", **result}
