"""What every answer needs, imported once; each message's process is forked from a process that holds it.

Importing is most of what a message costs otherwise: PyTorch alone takes seconds. Nothing here may compute or touch a
GPU: a forked process could not go on with it.
"""

from flwr.supernode.runtime import run_clientapp  # noqa: F401

import clients.app  # noqa: F401
