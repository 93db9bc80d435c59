"""A small proxy for tests: it knows CONNECT, may want a password, may refuse, and sends every name where it is told."""

import base64
import contextlib
import select
import socket
import socketserver
import sys
import threading


class ConnectProxy(socketserver.ThreadingTCPServer):
    """Listens at 127.0.0.1; `asked` are the request lines that it got."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, to=None, credentials="", status=200, port=0):
        super().__init__(("127.0.0.1", port), _Handler)
        self.to, self.credentials, self.status = to, credentials, status
        self.asked, self.carried = [], 0

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        line = self.rfile.readline(1000).decode(errors="replace").strip()
        headers = {}
        while text := self.rfile.readline(1000).decode(errors="replace").strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        self.server.asked.append(line)
        print(line, flush=True)
        status = self.answer(line, headers)
        self.wfile.write(f"HTTP/1.1 {status} so\r\n\r\n".encode())
        if status == 200:
            host, _, port = line.split()[1].rpartition(":")
            self.carry(self.server.to or (host.strip("[]"), int(port)))

    def answer(self, line, headers):
        token = base64.b64encode(self.server.credentials.encode()).decode()
        if self.server.credentials and headers.get("proxy-authorization") != f"Basic {token}":
            return 407
        return self.server.status if line.startswith("CONNECT ") else 405

    def carry(self, to):
        with contextlib.suppress(OSError), socket.create_connection(to, timeout=10) as there:
            ends = {self.connection: there, there: self.connection}
            while True:
                for end in select.select(list(ends), [], [], 600)[0]:
                    if not (content := end.recv(65_536)):
                        return
                    self.server.carried += len(content)
                    ends[end].sendall(content)


@contextlib.contextmanager
def connect_proxy(**how):
    """Run one in a thread."""
    with ConnectProxy(**how) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        proxy.shutdown()


if __name__ == "__main__":  # PORT [HOST PORT of the centre]
    target = (sys.argv[2], int(sys.argv[3])) if len(sys.argv) > 2 else None
    with ConnectProxy(to=target, port=int(sys.argv[1])) as proxy:
        proxy.serve_forever()
