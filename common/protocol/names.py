"""Names of the records in a message; server and hospital both take them from here."""

from __future__ import annotations

ARRAYS = "arrays"  # ArrayRecord: a state_dict, as far as it travels
CONTROL = "control"  # ArrayRecord, server to hospital: the mean control variate of SCAFFOLD
CONFIG = "config"  # ConfigRecord, server to hospital
METRICS = "metrics"  # MetricRecord: numbers only
WHO = "who"  # ConfigRecord, hospital to server: which hospital, which files
REFUSAL = "refusal"  # ConfigRecord: a code and a sentence instead of an answer
FINGERPRINTS = "fingerprints"  # ConfigRecord: keyed tokens as JSON, empty where the hospital has no key; also the query
DESCRIPTION = "description"  # ConfigRecord: the audit's counts and the split, as JSON

PLAN = "plan"
ROUND = "server-round"
SPLIT = "split"  # "val" or "test"
TEMPERATURE = "temperature"  # of the calibrated confidence of a test
THREADS = "threads"  # 0: the hospital decides

RUN = "run"  # names what a hospital keeps of a run
OWN = "own-round"  # the round whose own tensors go with the model; 0: none yet
HOLD = "hold-round"  # a round whose own tensors will be asked for later
POOL = "pool"  # keys of the hospitals whose slices one loader takes; in a simulation only

HOSPITAL = "hospital"
FILES = "files-sha256"
SAMPLES = "num-examples"

PACKABLE = (ARRAYS, CONTROL)  # what travels as one block between machines
PACKED = "packed-"  # and the record's name, ArrayRecord: the block
BLOCK = "block"
MANIFEST = "manifest-"  # and the record's name, ConfigRecord: what is in the block
TENSORS = "tensors"
