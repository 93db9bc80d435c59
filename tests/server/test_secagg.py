"""Secure aggregation through the whole program: real messages, real training, every artifact."""

import json
import re
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from clients import handlers, secure
from common.errors import Interrupted
from common.model.weights import is_weight, weights_of
from common.secagg import hospital
from common.secagg.refusal import SecureRefusal
from common.secagg.ring import STATISTICS, WEIGHTS
from server.federation.secure.training import SecureTrainingPhase
from tests.support.separate import Line, Separate

QUICK = ["train.batch_size=16", "data.max_per_class=8"]
PLAIN = ["strategy.clip_to_median=null", "strategy.weight_to_median=null"]


def history(path):
    return json.loads((path / "artifacts/run-001/training_history.json").read_text())


def model(path):
    return torch.load(path / "artifacts/run-001/global_model.pth", weights_only=True)


def log_of(path):
    return "".join(log.read_text() for log in sorted((path / "logs").rglob("training.log")))


@pytest.mark.parametrize(
    "strategy",
    ["fedavg", *(pytest.param(name, marks=pytest.mark.slow) for name in ("fedprox", "fedavgm", "fedadam", "fedyogi"))],
)
def test_a_run_ends_in_the_weights_of_a_plain_one_to_the_bound(simulate, tmp_path, strategy):
    """No strategy makes a difference in the mean longer in its first round: the adaptive ones take 0.3 of it at most,
    which is ``server_lr * (1 - beta_1) / tau``."""
    plain, masked = tmp_path / "plain", tmp_path / "masked"
    usual = [f"strategy={strategy}", "rounds=1", *QUICK]
    assert simulate(f"output_dir={plain}", *usual, *PLAIN).code == 0
    done = simulate(f"output_dir={masked}", *usual, "privacy=secagg")
    assert done.code == 0, done.err
    assert "learns the sum of the updates alone" in " ".join(done.out.split())
    one, other = model(plain), model(masked)
    bound = float(re.findall(r"no weight of their mean is off by more than (\S+)", log_of(masked))[0])
    for name, tensor in one.items():
        if is_weight(name):
            np.testing.assert_allclose(tensor, other[name], atol=1.05 * bound, rtol=3e-7, err_msg=name)
        elif "num" in name:
            assert tensor == other[name], name
    assert "3 masked updates was opened" in log_of(masked)
    (row,) = history(masked)
    assert all("update_norm" not in part for part in row["hospitals"].values())
    assert abs(row["val_loss"] - history(plain)[0]["val_loss"]) < 1e-4
    kept = [json.loads(path.read_text()) for path in (tmp_path / "cache/runs").rglob("secagg.json")]
    assert len(kept) == 3
    assert all(each["own"] is None and not each["held"] for each in kept), "no secret outlives the run"


def correlations(simulate, folder, monkeypatch) -> list[float]:
    """Run, and return how far each masked update that the centre received correlates with each hospital's own."""
    received, own = {}, {}
    usable, outgoing = SecureTrainingPhase._usable_update, handlers.outgoing

    def receive(phase, number, trainee, reply, arrays):
        received[trainee.key] = (phase._present.quantiser.parts[0], reply.records["arrays"][WEIGHTS])
        return usable(phase, number, trainee, reply, arrays)

    def send(site, task, trained, samples):
        moved = {name: np.subtract(trained[name], task.arrays[name]) for name in weights_of(trained)}
        own[site.hospital.key] = np.concatenate([value.reshape(-1) for value in moved.values()])
        return outgoing(site, task, trained, samples)

    with monkeypatch.context() as patch:
        patch.setattr(SecureTrainingPhase, "_usable_update", receive)
        patch.setattr(handlers, "outgoing", send)
        assert simulate(f"output_dir={folder}", "privacy=secagg", "rounds=1", *QUICK).code == 0
    seen = [part.signed(part.unpacked(block)) for part, block in received.values()]
    assert len(seen) == len(own) == 3
    return [abs(np.corrcoef(one, update)[0, 1]) for one in seen for update in own.values()]


@pytest.mark.slow
def test_what_the_centre_receives_in_a_run_correlates_with_no_update_and_without_masks_with_each(
    simulate, tmp_path, monkeypatch
):
    masked = correlations(simulate, tmp_path / "masked", monkeypatch)
    for place in ("common.secagg.hospital.put_on", "common.secagg.centre.put_on"):
        monkeypatch.setattr(place, lambda *_, **__: None)
    bare = correlations(simulate, tmp_path / "bare", monkeypatch)
    assert max(masked) < 0.02
    assert sorted(bare)[-3] > 0.8, "each tensor has its own step, so that the whole is not in one scale"


def too_few_sign(patch):
    answer = secure.answer

    def lost(site, plan, question):
        if site.hospital.key != "phantom_jaipur" and question.step == "survivors":
            raise SecureRefusal("SECAGG003", "Not any more.")
        return answer(site, plan, question)

    patch.setattr(secure, "answer", lost)


def one_adds_what_no_training_makes(patch):
    mask = hospital.mask

    def wrong(memory, session, sealed, vector, parts):
        if memory.advert.hospital == "phantom_kolkata":
            vector[STATISTICS] += vector[STATISTICS].dtype.type(2**60)
        return mask(memory, session, sealed, vector, parts)

    patch.setattr(hospital, "mask", wrong)


def one_has_another_shared_key(patch):
    key_of = secure._shared_key
    patch.setattr(
        secure, "_shared_key", lambda site: bytes(32) if site.hospital.key == "phantom_kolkata" else key_of(site)
    )


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (too_few_sign, ["RUN010: Round 1: ", "1 hospitals signed the list of survivors, and 2 are needed"]),
        (
            one_adds_what_no_training_makes,
            [
                "RUN016: Round 1: the mean of Phantom Jaipur, Phantom Hyderabad, Phantom Kolkata is none that",
                "nobody can say whose update it is",
            ],
        ),
        (
            one_has_another_shared_key,
            ["RUN010: ", "Phantom Jaipur: SECAGG002: The keys that came as those of phantom_kolkata are not"],
        ),
    ],
)
def test_a_run_whose_sum_cannot_be_opened_ends_in_one_sentence(simulate, tmp_path, monkeypatch, trouble, said):
    trouble(monkeypatch)
    done = simulate(f"output_dir={tmp_path}", "privacy=secagg", "rounds=1", *QUICK)
    assert done.code == 1
    assert all(part in done.err for part in said), done.err
    assert "Traceback" not in done.err


@contextmanager
def cut_off_after_round_two_is_opened(monkeypatch):
    opened = SecureTrainingPhase._opened

    def cut(phase, now):
        found = opened(phase, now)
        if now.number == 2:
            raise Interrupted("RUN130", "The run was stopped.")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(SecureTrainingPhase, "_opened", cut)
        yield


def test_a_run_that_was_cut_off_after_a_round_was_opened_is_resumed_to_the_same_weights(
    simulate, tmp_path, monkeypatch
):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    settings = ["privacy=secagg", *QUICK]
    assert simulate(f"output_dir={whole}", *settings).code == 0
    with cut_off_after_round_two_is_opened(monkeypatch):
        assert simulate(f"output_dir={stopped}", *settings).code == 130
    done = simulate("resume=run-001", f"output_dir={stopped}", base=False)
    assert done.code == 0, done.err
    one, other = model(whole), model(stopped)
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_with_a_coarse_coding_the_model_comes_down_coded_and_the_masks_go_up_in_their_ring(phantoms, tmp_path):
    line = Line()
    settings = ["privacy=secagg", "wire=int8", "rounds=2", *QUICK]
    folder = Separate(phantoms, tmp_path).run("coded", *settings, line=line)
    assert [len(row["replied"]) for row in json.loads(folder.history.read_text())] == [3, 3]
    assert line.forms("evaluate", 2)[0] == "difference"
    (up,) = {each.up for each in line.passed if each.kind == "train"}
    whole = sum(tensor.numel() for name, tensor in torch.load(folder.best_weights).items() if is_weight(name))
    assert 3 * whole < up < 3.2 * whole, "24 bits a weight, and the statistics"
    assert not any(each.refused for each in line.passed)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("strategy=krum", "strategy=krum, which looks at each update"),
        ("strategy=scaffold", "strategy=scaffold, which needs a second mean"),
        ("strategy=fedbn", "strategy=fedbn, which"),
        ("strategy=local", "strategy=local, which"),
        ("strategy=pooled", "strategy=pooled, which"),
        ("keep_updates=true", "keep_updates takes false with privacy=secagg"),
        ("privacy.threshold=4", "privacy.threshold takes 2 to 3"),
        ("hospitals=[phantom_jaipur,phantom_kolkata]", "hospitals takes 3 to 20"),
    ],
)
def test_what_it_cannot_be_together_with_is_refused_before_anything_starts(simulate, tmp_path, setting, said):
    done = simulate(f"output_dir={tmp_path}", "privacy=secagg", setting)
    assert done.code == 2
    assert "CONF010" in done.err
    assert said in done.err
    assert not (tmp_path / "artifacts").exists()
