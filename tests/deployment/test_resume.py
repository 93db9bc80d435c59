"""ServerApp and SuperLink killed in the middle: the run goes on after its last complete round, to the same weights."""

from common.artifacts.atomic import sha256_of
from tests.deployment.conftest import reference_weights
from tests.deployment.harness import KEYS, wait_for

ROUNDS = 4


def kill(process, word):
    victim = process.find(word)
    assert victim is not None, f"no {word} among {[' '.join(p.cmdline()) for p in process.family()]}"
    victim.kill()


def until_round(made, run, number):
    wait_for(lambda: made.rounds_done() >= number, f"round {number}", run)


def test_killed_twice_it_ends_in_the_same_weights(deployed, simulate, tmp_path_factory):
    made = deployed
    serve = made.serve()
    hospitals = [made.join(key) for key in KEYS]

    first = made.run(*made.overrides(ROUNDS), name="first")
    until_round(made, first, 1)
    kill(serve, "flwr-serverapp")
    assert first.finish() == 1
    assert "resume=" in first.text

    second = made.run("resume=run-001", f"output_dir={made.folder}", name="second")
    second.until("going on after round")
    until_round(made, second, 2)
    kill(serve, "server.superlink")
    assert serve.finish() == 1
    assert "CENTRE003" in serve.text
    assert second.finish() == 1
    wait_for(lambda: made.read("status")["state"] == "interrupted", "the ServerApp to write down its end")
    assert "server.run resume=run-001" in made.read("status")["resume_command"]

    made.serve()
    last = made.run("resume=run-001", f"output_dir={made.folder}", "strategy.wait_seconds=300", name="wrong")
    assert last.finish() == 2, "a resumed run keeps its settings"
    last = made.run("resume=run-001", f"output_dir={made.folder}", name="last")
    assert last.finish() == 0, last.text
    assert [row["epoch"] for row in made.history()] == [1, 2, 3, 4]
    assert all(process.popen.poll() is None for process in hospitals), "hospitals reconnect by themselves"
    assert not any("Traceback" in process.text for process in (first, second, last))
    reference = reference_weights(simulate, made, tmp_path_factory.mktemp("reference"), ROUNDS)
    assert sha256_of(made.weights) == sha256_of(reference)
