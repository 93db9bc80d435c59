"""Settings that must stand before libraries are first imported: no telemetry, no open door, no threads that spin.

Importing this module sets them; what a person has set is left as it is.
"""

import os
import secrets

SETTINGS = {
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # a busy machine makes its programs complain of each other on the user's screen
    # Ray listens on every interface and runs what it is sent; the token, new for each run, keeps strangers out
    "RAY_AUTH_MODE": "token",
    # Ray repeats once what a dead worker was doing; a busy machine's learns late of the death, and must not waste that
    "RAY_task_actor_unavailable_retry_delay_base_ms": "20000",
    "RAY_task_actor_unavailable_retry_max_delay_ms": "20000",
    # PyTorch's threads look this often for work before they sleep (GNU OpenMP's own: 300,000 times):
    # up to 9 % slower alone, up to three times faster beside busy processes (bench.busy)
    "GOMP_SPINCOUNT": "10000",
}

for _name, _value in SETTINGS.items():
    os.environ.setdefault(_name, _value)
if os.environ["RAY_AUTH_MODE"] == "token":
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
