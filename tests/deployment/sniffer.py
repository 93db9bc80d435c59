"""Search every frame on an interface for byte strings: python sniffer.py INTERFACE NEEDLES.json REPORT.json"""

import contextlib
import json
import signal
import socket
import sys
from pathlib import Path

_ALL_PROTOCOLS = 0x0003
_BUFFER = 256 * 2**20
_SO_RCVBUFFORCE = 33


def main(interface: str, needles_path: str, report_path: str) -> None:
    needles = {name: bytes.fromhex(text) for name, text in json.loads(Path(needles_path).read_text()).items()}
    found = dict.fromkeys(needles, 0)
    total = 0
    line = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL_PROTOCOLS))
    line.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    line.bind((interface, 0))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with contextlib.suppress(SystemExit):
        Path(report_path).with_suffix(".ready").touch()
        while True:
            frame = line.recv(2**17)
            total += len(frame)
            for name, needle in needles.items():
                if needle in frame:
                    found[name] += 1
                    Path(f"{report_path}.{name}").touch()
    Path(report_path).write_text(json.dumps({"bytes": total, "found": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
