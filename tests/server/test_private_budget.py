"""A real run in which budgets end one after another, killed twice on the way: nobody pays twice, and nobody forgets."""

import json

import pytest

from common.errors import RunError
from common.privacy.accountant import Spending, epsilon_of
from server.federation.rounds import Rounds

NAMES = JAIPUR, HYDERABAD, KOLKATA = "Phantom Jaipur", "Phantom Hyderabad", "Phantom Kolkata"
BUDGET, DELTA = 6.6, 1e-3
PRIVATE = ["privacy=dp_sgd", f"privacy.epsilon={BUDGET}", f"privacy.delta={DELTA}", "privacy.noise=1"]
STEPS = ["privacy.steps=3", "privacy.patients_per_step=3", "rounds=4"]
# groups that train there are 6, 5 and 4, so that a step draws each with these probabilities
RATES = {JAIPUR: 3 / 6, HYDERABAD: 3 / 5, KOLKATA: 3 / 4}
TAKEN = {JAIPUR: [3, 3, 2], HYDERABAD: [3, 3, None], KOLKATA: [3, 1, None]}


def broken_once(monkeypatch, method, when):
    """Let the server's process end where a round is combined, or the model is tested."""
    whole = getattr(Rounds, method)

    def breaks(self, number, *values):
        if when(number):
            monkeypatch.setattr(Rounds, method, whole)
            raise RunError("RUN020", "A power cut.")
        return whole(self, number, *values)

    monkeypatch.setattr(Rounds, method, breaks)


@pytest.fixture
def finished(simulate, monkeypatch, tmp_path):
    """What the run printed each time, its folder, and what the hospitals wrote down."""
    broken_once(monkeypatch, "combine", lambda number: number == 3)  # it has trained, and nobody wrote that down
    broken_once(monkeypatch, "test", lambda _: True)
    told = [simulate(f"output_dir={tmp_path}", *PRIVATE, *STEPS)]
    told += [simulate("resume=run-001", f"output_dir={tmp_path}", base=False) for _ in range(2)]
    ledgers = tmp_path.glob("cache/runs/*/*/privacy.json")
    entries = {path.parent.name: json.loads(path.read_text())["entries"] for path in ledgers}
    return told, tmp_path / "artifacts" / "run-001", entries


def read(folder, name):
    return json.loads((folder / f"{name}.json").read_text())


def test_a_budget_ends_in_a_round_the_others_go_on_and_no_restart_forgets_or_pays_twice(finished):
    told, folder, entries = finished
    assert [each.code for each in told] == [1, 1, 0], told[-1].err
    rows = read(folder, "training_history")
    for name, taken in TAKEN.items():
        parts = [row["hospitals"][name] for row in rows]
        assert [part.get("train_steps") for part in parts] == taken, name
        paid = [each["steps"] for each in entries[name.lower().replace(" ", "_")]]
        assert paid == [steps for steps in taken if steps], "a round that was repeated was paid for once"
        last = max(number for number, steps in enumerate(taken) if steps)
        assert parts[last]["epsilon"] == epsilon_of([Spending(1.0, RATES[name], sum(paid))], DELTA) <= BUDGET
        assert all(part["val_samples"] for part in parts), "it still evaluates"
        tested = read(folder, "model_meta")["metrics"]["per_hospital"][name]
        assert tested["n_test"], "it is tested"
        assert tested["likeness"] is None, "and tells nothing more of its slices of training"
    assert [row["stopped"] for row in rows] == [[], [], [HYDERABAD, KOLKATA]]
    assert [row["replied"] for row in rows] == [list(NAMES), list(NAMES), [JAIPUR]]
    assert not any(row["failed"] for row in rows)
    assert {row["train_loss"] for row in rows} == {None}, "what a private round does not tell is not 0"
    status, meta = read(folder, "status"), read(folder, "model_meta")
    ended = "Training ended after round 3 of 4: no hospital has privacy budget left."
    assert (status["state"], status["reason"], status["missing_hospitals"]) == ("completed", ended, [])
    assert meta["num_epochs"] == 3
    own = meta["privacy"]["per_hospital"]
    assert {name: own[name]["stopped_after_round"] for name in NAMES} == {JAIPUR: 3, HYDERABAD: 2, KOLKATA: 2}
    assert {name: own[name]["rate"] for name in NAMES} == pytest.approx(RATES)
    assert ended in told[2].out
    assert "Differential privacy per group of related slices" in " ".join(told[2].out.split())
    assert f"{KOLKATA}: its privacy budget is spent" in told[1].out
    assert f"{KOLKATA}: its privacy budget is spent" not in told[2].out, "it was written down and is not asked again"
    spent = "Jaipur 6.55, Phantom Hyderabad 6.55, Phantom Kolkata 6.2 of 6.6 (delta 0.001)"
    assert spent in " ".join(told[1].out.split())


def test_a_run_does_not_go_on_with_another_budget(simulate, tmp_path):
    changed = ("privacy=dp_sgd", "privacy.epsilon=60")
    done = simulate("resume=run-001", f"output_dir={tmp_path}", *changed, base=False)
    assert done.err.startswith("error RUN005: A resumed run keeps its settings, so privacy cannot be set")
