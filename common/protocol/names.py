"""Names of the records in a message, and of what is in them; server and hospital both take them from here."""

ARRAYS = "arrays"  # a packed state_dict, as far as it travels
CONTROL = "control"  # server to hospital, packed: the mean control variate of SCAFFOLD
REFERENCE = "reference"  # server to hospital, packed: the finished model that an evaluated one is compared with
CONFIG = "config"  # server to hospital: what to do
METRICS = "metrics"  # hospital to server: numbers only
CASES = "cases"  # hospital to server: a test's cases by score, patients and subgroups
PAIRED = "paired"  # hospital to server: how often each of two models is right where the other is or is not
WHO = "who"  # hospital to server: which hospital, which files
REFUSAL = "refusal"  # a code and a sentence instead of an answer
FINGERPRINTS = "fingerprints"  # keyed tokens as JSON, empty where the hospital has no key; also the question
SECAGG = "secagg"  # a step of secure aggregation as JSON, both ways; also the question
FINE_TUNED = "fine_tuned"  # asks a hospital to train the finished model on for itself, and to test what it gets
FAMILIARITY = "familiarity"  # asks for sums of the features of training slices, or for held-out slices by distance
STATISTICS = "statistics"  # asks for moments of what goes into each normalisation, over all training slices
LIKENESS = "likeness"  # server to hospital, packed: what distances are measured with
SIGNATURE = "signature"  # hospital to server: the digest of its update, and its signature
SPENT = "spent"  # hospital to server: what a training has cost its patients, with differential privacy
DESCRIPTION = "description"  # the audit's counts and the split, as JSON

PLAN = "plan"
ROUND = "server-round"
SPLIT = "split"  # "val" or "test"
TEMPERATURE = "temperature"  # of the calibrated confidence of a test
LEDGER = "ledger"  # the end of the run's ledger, signed, as JSON
THREADS = "threads"  # 0: the hospital decides

RUN = "run"  # names what a hospital keeps of a run
LOCAL_ROUND = "own-round"  # the round whose local tensors go with the model; 0: none yet
MODEL = "model-sha256"  # of the model that is meant, see common.protocol.digest; it may be at the hospital
BASE = "base-sha256"  # of the model that the arrays are a difference to
RETAIN_ROUND = "hold-round"  # a round whose local tensors will be asked for later
POOL = "pool"  # keys of the hospitals whose slices one loader takes; in a simulation only

HOSPITAL = "hospital"
FILES = "files-sha256"
SAMPLES = "num-examples"
JSON = "json"

BLOCK = "block"  # of a packed state_dict: every tensor's bytes
MANIFEST = "manifest"  # of a packed state_dict: name, type and shape of each tensor

NO_MODEL = "STORE003"  # the code of a refusal after which the model is sent whole
NOT_YET = "POLICY006"  # the code of a refusal after which a hospital may be asked again: a person has not answered yet
