"""The data key, which encrypts values at rest and signs links, kept outside the database.

Its file holds keys of 32 bytes in hexadecimal, one per line, the newest first. The first one encrypts and signs; each
of them decrypts. So a key is replaced by putting a new line before the old one, which may go once nothing is
encrypted with it any more.
"""

import base64
import hashlib
import hmac
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from . import draw_key

# What encrypted values begin with.
PREFIX = "srsp1:"


class DataKey:
    """The keys of one file.

    :raises ValueError: when the file does not hold keys
    :raises OSError: when the file can be neither read nor created
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._keys = _load(Path(path))
        fernets = [Fernet(base64.urlsafe_b64encode(key)) for key in self._keys]
        self._newest, self._all = fernets[0], MultiFernet(fernets)

    def encrypt(self, text: str) -> str:
        """Return a text encrypted with the newest key."""
        return PREFIX + self._newest.encrypt(text.encode()).decode()

    def decrypt(self, token: str) -> str:
        """Return the text that one of the keys has encrypted.

        :raises ValueError: when none of them has
        """
        try:
            return self._all.decrypt(token.removeprefix(PREFIX)).decode()
        except InvalidToken:
            raise ValueError("encrypted with a key that the file lacks") from None

    def renew(self, text: str) -> str:
        """Return what is to be stored in place of a value of the database: encrypted with the newest key.

        :raises ValueError: when none of the keys has encrypted it
        """
        if not text.startswith(PREFIX):
            return self.encrypt(text)
        try:
            self._newest.decrypt(text.removeprefix(PREFIX))
        except InvalidToken:
            return self.encrypt(self.decrypt(text))
        return text

    def fingerprints(self) -> list[str]:
        """Return what tells each key from others without giving it away, the newest first."""
        return [
            hmac.digest(key, b"srsp-data-key/1", hashlib.sha256).hex()[:16]
            for key in self._keys
        ]

    def sign(self, text: str) -> str:
        """Return the signature of a text by the newest key, in hexadecimal."""
        message = b"srsp-signature/1" + text.encode()
        return hmac.digest(self._keys[0], message, hashlib.sha256).hex()


def _load(path: Path) -> list[bytes]:
    if not path.exists():
        draw_key.make(path)
    try:
        lines = path.read_text(encoding="ascii").split()
        keys = [bytes.fromhex(line) for line in lines]
    except ValueError:
        keys = []
    if not keys or any(len(key) != draw_key.KEY_LENGTH for key in keys):
        raise ValueError(
            f"{path} does not hold data keys of {draw_key.KEY_LENGTH} bytes in hexadecimal, one per line"
        )
    return keys
