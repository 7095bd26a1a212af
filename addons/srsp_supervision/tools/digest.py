"""Hashes what is written to a file."""

from typing import Any, BinaryIO


class DigestSink:
    """A binary file that is only written to: it feeds every ``hashlib`` digest, counts, and writes to ``file`` if any.

    ``size`` is the number of bytes, ``lines`` that of line feeds.
    """

    def __init__(self, *digests: Any, file: BinaryIO | None = None) -> None:
        self._digests = digests
        self._file = file
        self.size = self.lines = 0

    def append(self, data: bytes) -> int:
        for digest in self._digests:
            digest.update(data)
        if self._file:
            self._file.write(data)
        self.size += len(data)
        self.lines += data.count(b"\n")
        return len(data)

    write = append  # as COPY calls it
