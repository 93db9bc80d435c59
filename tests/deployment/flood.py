"""A stranger at work: eight posts of 200 MB without any header, then 2,000 connections that say nothing.

It prints "holding" when all of it stands, and ends when it is killed: HOST PORT CA.
"""

import contextlib
import socket
import ssl
import sys
import threading
import time

HOST, PORT, AUTHORITY = sys.argv[1], int(sys.argv[2]), sys.argv[3]
POSTS, BYTES, IDLE = 8, 200_000_000, 2000


def connect():
    return socket.create_connection((HOST, PORT), timeout=5)


def post():
    context = ssl.create_default_context(cafile=AUTHORITY)
    with contextlib.suppress(OSError), context.wrap_socket(connect(), server_hostname=HOST) as line:
        head = "POST /v1/fleet/push-object HTTP/1.1\r\nHost: x\r\nContent-Type: application/protobuf\r\n"
        line.sendall(f"{head}Content-Length: {BYTES}\r\n\r\n".encode())
        for _ in range(BYTES // 1_000_000):
            line.sendall(b"x" * 1_000_000)


posts = [threading.Thread(target=post) for _ in range(POSTS)]
for each in posts:
    each.start()
for each in posts:
    each.join()
held = []
for _ in range(IDLE):
    with contextlib.suppress(OSError):
        held.append(connect())
print(f"holding {len(held)}", flush=True)
time.sleep(120)
