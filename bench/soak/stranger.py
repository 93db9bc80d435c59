"""A stranger's program: ``python -m bench.soak.stranger {idle,posts,text,paths} HOST PORT ...``; says how far."""

from __future__ import annotations

import contextlib
import http.client
import resource
import selectors
import socket
import ssl
import sys
import threading
import time

_PATHS = (
    "/v1/control/start-run",
    "/v1/runtime/acquire-task",
    "/v1/fleet/%0Arefused%2010.0.0.9%20(the%20key%20of%20AIIMS)%3A%20forged",
    "/v1/fleet/%1b[2J%1b]0;owned%07",
    "/" + "x" * 20_000,
)
_FLEET = "/v1/fleet/create-node"
_BLOCK = bytes(2**20)
_THREADS = 8


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def idle(host: str, port: int, count: int, seconds: float) -> str:
    """Open connections and say nothing; those that are closed are opened again."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, count + 100), hard))
    watch, end = selectors.DefaultSelector(), time.monotonic() + seconds
    opened = held = most = 0
    while time.monotonic() < end:
        if held < count:
            with contextlib.suppress(OSError):
                line = socket.create_connection((host, port), timeout=2)
                watch.register(line, selectors.EVENT_READ)
                opened, held = opened + 1, held + 1
                most = max(most, held)
        for key, _ in watch.select(0 if held < count else 0.5):
            with contextlib.suppress(OSError):
                if not key.fileobj.recv(4096):  # type: ignore[union-attr]
                    raise OSError
                continue
            watch.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
            held -= 1
    return f"{opened} connections opened, {most} at once"


def posts(host: str, port: int, count: int, megabytes: int) -> str:
    """Send large bodies without a header that says who sends them."""
    taken = [0] * count

    def post(number: int) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            line = http.client.HTTPSConnection(host, port, context=_context(), timeout=30)
            line.putrequest("POST", _FLEET)
            line.putheader("Content-Type", "application/x-protobuf")
            line.putheader("Content-Length", str(megabytes * 2**20))
            line.endheaders()
            for _ in range(megabytes):
                line.send(_BLOCK)
                taken[number] += 1
            line.getresponse().read()

    for start in range(0, count, _THREADS):
        threads = [threading.Thread(target=post, args=(each,)) for each in range(start, min(start + _THREADS, count))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return f"{sum(taken)} of {count * megabytes} MiB were taken"


def text(host: str, port: int) -> str:
    """Speak plain text to the port."""
    answer = b""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=10) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: centre\r\n\r\n")
        answer = line.recv(100)
    return f"answered with {len(answer)} bytes"


def paths(host: str, port: int) -> str:
    """Ask for what is not for strangers, with line breaks and escapes in the path."""
    said = []
    for path in _PATHS:
        with contextlib.suppress(OSError, http.client.HTTPException):
            line = http.client.HTTPSConnection(host, port, context=_context(), timeout=30)
            line.request("POST", path, body=b"")
            said.append(str(line.getresponse().status))
    return f"HTTP {', '.join(said)}"


def main(arguments: list[str]) -> None:
    """Do one of these, and print how it went."""
    what, host, port, *rest = arguments
    numbers = [int(value) for value in rest]
    print({"idle": idle, "posts": posts, "text": text, "paths": paths}[what](host, int(port), *numbers))  # type: ignore[operator]


if __name__ == "__main__":
    main(sys.argv[1:])
