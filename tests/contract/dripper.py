"""A server that answers without an end, one byte after the other."""

import contextlib
import socketserver
import threading


class Dripper(socketserver.ThreadingTCPServer):
    """A server that sends ``beginning`` at once, and then one byte after each ``pause``, without an end."""

    daemon_threads = True
    pause = 0.1

    def __init__(self, beginning=b""):
        super().__init__(("127.0.0.1", 0), Drops)
        self.beginning, self.asked, self.closing = beginning, 0, threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Drops(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.asked += 1
        with contextlib.suppress(OSError):  # the client hangs up
            self.request.sendall(self.server.beginning)
            while not self.server.closing.wait(self.server.pause):
                self.request.sendall(b"x")
