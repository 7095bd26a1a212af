"""A mail server that takes its time: it answers for a message when it is told to."""

import socketserver
import threading


class MailServer(socketserver.ThreadingTCPServer):
    """Accepts every message; ``received`` counts those sent to it, ``go_on`` lets it answer for them."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Dialogue)
        self.received, self.go_on = 0, threading.Event()
        self.arrived = threading.Event()

    @property
    def port(self):
        return self.server_address[1]


class Dialogue(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 slow.example")
        for line in self.rfile:
            command = line.decode().strip().upper()
            if command == "DATA":
                self._say("354 go on")
                self._read_message()
                self.server.received += 1
                self.server.arrived.set()
                self.server.go_on.wait()
            self._say("221 bye" if command == "QUIT" else "250 ok")

    def _read_message(self):
        for line in self.rfile:
            if line == b".\r\n":
                return

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())
