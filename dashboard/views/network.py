"""Network: who takes part, what they hold, how the model does at each of them."""

from __future__ import annotations

from dashboard.ui import parts, run_picker

parts.header("Hospital network")
run = run_picker.require_run()
parts.status_line(run)
