"""The key that every draw's secret is derived from, kept outside the database.

A dump of the database alone does not reveal a one-time code: the secret of a draw is
HMAC-SHA256(key, nonce and announced time), with these in the database and the key in a file.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

KEY_LENGTH = 32


def load(path: str | os.PathLike[str]) -> bytes:
    """Return the key in the file ``path``; create the file, readable by its owner only, when it is missing.

    Several processes may call this at once: the key is written to a temporary file and linked into place,
    so that exactly one of them creates it and none reads half a key.

    :raises ValueError: when the content of the file is not 32 bytes in hexadecimal
    :raises OSError: when the file can be neither read nor created
    """
    path = Path(path)
    if not path.exists():
        make(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii"))
    except ValueError:
        key = b""
    if len(key) != KEY_LENGTH:
        raise ValueError(
            f"{path} does not hold a draw key of {KEY_LENGTH} bytes in hexadecimal"
        )
    return key


def fingerprint(path: str | os.PathLike[str]) -> str:
    """Return 16 hexadecimal digits that tell the key in the file ``path`` from others and say nothing about it.

    :raises ValueError: when the content of the file is not a key
    :raises OSError: when the file cannot be read; it is not created
    """
    Path(path).stat()
    return hashlib.sha256(b"srsp-draw-key-fingerprint" + load(path)).hexdigest()[:16]


def make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=".key-", encoding="ascii"
    ) as file:
        file.write(secrets.token_hex(KEY_LENGTH))
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


def secret(key: bytes, nonce: bytes, moment: str) -> bytes:
    """Return the secret (32 bytes) of the draw with this nonce, H^0 of its one-time codes.

    :param moment: the announced time, or an empty text for a draw locked before that time was in the secret
    """
    version = b"srsp-draw-secret/2" if moment else b"srsp-draw-secret/1"
    return hmac.digest(key, version + nonce + moment.encode(), hashlib.sha256)
