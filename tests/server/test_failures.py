"""Hospitals that misbehave: named with the reason, and the round goes on with the rest, or fails below the quorum."""

import json
import shutil

import numpy as np
import pytest

from common.protocol import names
from tests.support.hospitals import packed, unpacked

NAME = {0: "Phantom Jaipur", 1: "Phantom Hyderabad", 2: "Phantom Kolkata"}


def sabotage(monkeypatch, harm, kind, partitions=(2,)):
    """Let `harm` change the replies of some hospitals to one kind of message."""
    from clients import app as clients_app

    make = clients_app.make_client_app

    def make_bad(sites):
        app = make(sites)

        def answer(message, context):
            reply = app(message, context)
            if message.metadata.message_type == kind and context.node_config["partition-id"] in partitions:
                harm(reply)
            return reply

        return answer

    monkeypatch.setattr(clients_app, "make_client_app", make_bad)


def change_array(name, value):
    def harm(reply):
        arrays = unpacked(reply.content)
        if value is None:
            arrays.pop(name)
        else:
            arrays[name] = value(arrays[name])
        reply.content[names.ARRAYS] = packed(arrays)

    return harm


def crash(reply):
    raise RuntimeError("out of luck")


def read(output, name):
    return json.loads((output / "artifacts" / "run-001" / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (change_array("fc.bias", lambda a: a * np.nan), "not finite"),
        (change_array("conv1.weight", lambda a: a + np.inf), "not finite"),
        (change_array("fc.weight", lambda a: a.T), "shape"),
        (change_array("layer1.0.bn1.running_mean", None), "missing"),
        (crash, "out of luck"),
    ],
    ids=["nan", "infinity", "shape", "missing", "crash"],
)
def test_a_bad_update_is_refused_and_named_and_the_round_goes_on(simulate, monkeypatch, tmp_path, harm, says):
    sabotage(monkeypatch, harm, "train")
    done = simulate(f"output_dir={tmp_path}", "rounds=1")
    assert done.code == 0, done.err
    row = read(tmp_path, "training_history")[0]
    assert row["replied"] == [NAME[0], NAME[1]]
    (failure,) = row["failed"]
    assert (failure["hospital"], failure["phase"]) == (NAME[2], "train")
    assert says in failure["reason"]
    assert read(tmp_path, "status")["missing_hospitals"] == [NAME[2]]
    assert read(tmp_path, "model_meta")["missing_hospitals"] == [NAME[2]]
    assert f"{NAME[2]} left out of train" in done.out


def test_a_hospital_that_cannot_evaluate_is_named(simulate, monkeypatch, tmp_path):
    sabotage(monkeypatch, crash, "evaluate", (0,))
    assert simulate(f"output_dir={tmp_path}", "rounds=1").code == 0
    row = read(tmp_path, "training_history")[0]
    assert [(f["hospital"], f["phase"]) for f in row["failed"]] == [(NAME[0], "evaluate")]
    assert NAME[0] not in read(tmp_path, "model_meta")["metrics"]["per_hospital"]


def test_counts_that_do_not_add_up_are_refused(simulate, monkeypatch, tmp_path):
    def inflate(reply):
        counts = list(reply.content[names.METRICS]["confusion"])
        reply.content[names.METRICS]["confusion"] = [counts[0] + 100, *counts[1:]]

    sabotage(monkeypatch, inflate, "evaluate", (1,))
    assert simulate(f"output_dir={tmp_path}", "rounds=1").code == 0
    assert "do not add up" in read(tmp_path, "training_history")[0]["failed"][0]["reason"]


def test_below_the_quorum_the_run_fails_and_says_why(simulate, monkeypatch, tmp_path):
    sabotage(monkeypatch, crash, "train", (1, 2))
    done = simulate(f"output_dir={tmp_path}")
    assert done.code == 1
    assert "RUN010" in done.err
    assert "1 of 3" in done.err
    assert NAME[1] in done.err
    assert NAME[2] in done.err
    status = read(tmp_path, "status")
    assert status["state"] == "failed"
    assert "out of luck" in status["reason"]
    assert "resume=run-001" in status["resume_command"]
    assert not list((tmp_path / "models").glob("*.pth")), "an unfinished run must not be put in service"


def test_a_failed_run_can_go_on_when_the_cause_is_gone(simulate, monkeypatch, tmp_path, phantoms):
    with monkeypatch.context() as bad:
        sabotage(bad, crash, "train", (1, 2))
        assert simulate(f"output_dir={tmp_path}").code == 1
    done = simulate("resume=run-001", f"output_dir={tmp_path}", base=False)
    assert done.code == 0, done.err
    assert len(read(tmp_path, "training_history")) == 2


def crash_in_round_two():
    """Return what lets three answers pass and then crashes."""
    trained = []

    def crash_late(reply):
        trained.append(reply)
        if len(trained) > 3:
            crash(reply)

    return crash_late


def test_a_resumed_run_keeps_what_its_hospitals_said_of_themselves(simulate, monkeypatch, tmp_path):
    with monkeypatch.context() as bad:
        sabotage(bad, crash_in_round_two(), "train", (0, 1, 2))
        assert simulate(f"output_dir={tmp_path}").code == 1
    before = read(tmp_path, "dataset_stats")
    assert simulate("resume=run-001", f"output_dir={tmp_path}", base=False).code == 0
    assert list(before) == list(NAME.values())
    assert read(tmp_path, "dataset_stats") == before
    assert read(tmp_path, "status")["synthetic"]


def test_files_that_change_while_a_run_rests_stop_its_resume(simulate, monkeypatch, tmp_path, phantoms):
    root = tmp_path / "data"
    shutil.copytree(phantoms, root)
    with monkeypatch.context() as bad:
        sabotage(bad, crash_in_round_two(), "train", (0, 1, 2))
        assert simulate(f"output_dir={tmp_path}", f"data.root={root}").code == 1
    assert read(tmp_path, "status")["round"] == 1
    next(path for path in sorted((root / "dataset-3").rglob("*.*")) if path.suffix in (".png", ".jpg")).unlink()
    done = simulate("resume=run-001", f"output_dir={tmp_path}", base=False)
    assert done.code == 2
    assert "RUN004" in done.err
    assert NAME[2] in done.err
    status = read(tmp_path, "status")
    assert status["round"] == 1, "what was computed stays"
    assert status["state"] == "failed", "and nobody waits for it"
    assert NAME[2] in status["reason"]
