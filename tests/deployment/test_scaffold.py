"""Control variates between machines: each message reaches a process of its own, and the centre dies in the middle."""

from common.artifacts.atomic import sha256_of
from tests.deployment.conftest import reference_weights
from tests.deployment.harness import KEYS
from tests.deployment.test_resume import kill, until_round

ROUNDS = 3


def test_a_run_that_was_killed_ends_in_the_weights_of_one_process(deployed, simulate, tmp_path_factory, monkeypatch):
    made = deployed
    plain = made.overrides
    monkeypatch.setattr(made, "overrides", lambda rounds: [*plain(rounds), "strategy=scaffold", "train.lr=0.02"])
    serve = made.serve()
    hospitals = [made.join(key) for key in KEYS]
    first = made.run(*made.overrides(ROUNDS), name="first")
    until_round(made, first, 1)
    kill(serve, "flwr-serverapp")
    assert first.finish() == 1
    kept = sorted(path.parent.name for path in made.folder.rglob("control-round-0001.pth"))
    assert kept == sorted(KEYS), "at each hospital, and nowhere else"
    last = made.run("resume=run-001", f"output_dir={made.folder}", name="last")
    assert last.finish() == 0, last.text
    assert all(process.popen.poll() is None for process in hospitals)
    up = [{part["bytes_up"] for part in row["hospitals"].values()} for row in made.history()]
    down = [{part["bytes_down"] for part in row["hospitals"].values()} for row in made.history()]
    assert up[0] == up[1] == up[2], "nothing more is sent up"
    assert max(down[0]) < min(down[1])
    assert down[1] == down[2]
    assert not list(made.folder.rglob("control-round-*.pth")), "after the test nothing is kept"
    reference = reference_weights(simulate, made, tmp_path_factory.mktemp("reference"), ROUNDS)
    assert sha256_of(made.weights) == sha256_of(reference)
