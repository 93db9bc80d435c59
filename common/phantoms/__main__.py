"""``python -m common.phantoms --out dataset/phantoms``: draw three synthetic hospitals."""

import sys

from common.phantoms.folders import main

sys.exit(main())
