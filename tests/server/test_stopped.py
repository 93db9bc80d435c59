"""A ServerApp whose run is stopped at the SuperLink: Flower's grid, a server that takes its token no longer."""

import json
import subprocess
import sys

import pytest

STOPPED = """
import http.server, os, signal, sys, threading
from flwr.app import Context, RecordDict
from flwr.supercore.run import Run
from flwr.superlink.grid import HttpGrid
from server import app
from server.recording.recorder import Recorder

class Refuses(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses)
threading.Thread(target=server.serve_forever, daemon=True).start()
grid = HttpGrid(f"127.0.0.1:{server.server_port}", insecure=True, token="gone")
grid.set_run(Run.create_empty(1))

if "another" in sys.argv:  # thread has heard of the stop; its signal is still on its way
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    def ask():
        grid.get_nodes()
    threading.Thread(target=ask, daemon=True).start()
    invoker = grid._retry_invoker.should_giveup
    heard = next(c for c in invoker.__closure__ if isinstance(c.cell_contents, bool))
    while not heard.cell_contents:
        pass

end = Recorder.end
def disturbed(*arguments):
    os.kill(os.getpid(), signal.SIGINT)
    end(*arguments)
Recorder.end = disturbed

context = Context(1, 1, {}, RecordDict(), {"overrides": sys.argv[1]})
app.app(grid, context)
"""


@pytest.mark.parametrize("heard", ["itself", "another"])
def test_it_is_marked_however_it_hears_of_it_and_whatever_signal_follows(heard, tmp_path):
    command = [sys.executable, "-c", STOPPED, f"output_dir={tmp_path}", heard]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    status = json.loads((tmp_path / "artifacts" / "run-001" / "status.json").read_text())
    assert status["state"] == "interrupted", done.stdout + done.stderr
    assert "resume=run-001" in status["resume_command"]
    assert done.stdout.count("run was stopped") == 1
    assert done.stdout.rstrip().endswith("130")
