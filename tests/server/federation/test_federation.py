"""From the first message to the last file, with hospitals of three numbers."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
from flwr.app import Context, RecordDict

from common.artifacts.layout import RunFolder, check_writable, new_run
from common.artifacts.run_files import enter_totals, enter_validation
from common.artifacts.schema import HospitalRound, Round
from common.config.hydra import compose_settings
from common.config.settings import ComputeSettings, RunSettings, TrainPlan
from common.config.strategies import STRATEGIES
from common.errors import InputError
from common.metrics.evaluation import EvaluateResult
from common.protocol import names
from common.protocol.plan import plan_of
from server.engines.inprocess import InProcessGrid
from server.federation.federation import Federation, advance, make_server_app
from server.recording.checkpoint import RunProgress
from server.recording.events import Listeners
from server.recording.recorder import Recorder
from server.simulation import place_of
from tests.server.federation.test_participants import Late
from tests.support.descriptions import description
from tests.support.hospitals import LR, Hospitals, start_arrays

STEPS = {"a": 1.0, "b": 2.0, "c": 4.0}
SETTINGS = RunSettings(
    rounds=3,
    hospitals=list(STEPS),
    train=TrainPlan(lr=LR, schedule="constant"),
    compute=ComputeSettings(engine="inprocess", cores=2),
)


def a_federation(
    folder: RunFolder, hospitals: Hospitals, progress: RunProgress | None = None, settings: RunSettings = SETTINGS
) -> Federation:
    log = folder.output_dir / "logs" / "x" / "training.log"
    recorder = Recorder(folder, settings, plan_of(settings), list(hospitals.names.values()), log)
    progress = progress or RunProgress(start_arrays())
    recorder.start(progress)
    place = place_of(settings)
    return Federation(settings, progress, recorder, Listeners([recorder]), threading.Event(), hospitals.names, place)


@pytest.fixture
def folder(tmp_path):
    check_writable(tmp_path)
    return new_run(tmp_path)


def read(path):
    return json.loads(path.read_text())


def test_a_whole_run_in_order(folder):
    hospitals = Hospitals(STEPS)
    federation = a_federation(folder, hospitals)
    federation.run(InProcessGrid(hospitals, 3))
    kinds = [kind for kind, _ in hospitals.asked]
    rounds = (["train"] * 3 + ["evaluate"] * 3) * 3
    finish = ["evaluate"] * 3 + ["evaluate.familiarity"] * 3 + ["evaluate"] * 3  # the temperature, sums, the test
    assert kinds == ["query"] * 3 + ["query.fingerprints"] * 3 + rounds + finish
    assert [row["epoch"] for row in read(folder.history)] == [1, 2, 3]
    status, meta = read(folder.status), read(folder.meta)
    assert (status["state"], status["round"], status["phase"]) == ("completed", 3, "done")
    assert list(meta["metrics"]["per_hospital"]) == list(hospitals.names.values())
    assert read(folder.splits)["hospitals"]["Hospital B"]["offset"] == 4 + 2 + 2 + 1
    assert not folder.checkpoint.exists()


@pytest.mark.parametrize(("engine", "threads"), [("inprocess", 2), ("ray", 1)])
def test_where_one_works_after_another_each_has_every_core(folder, engine, threads):
    def note(key, message, answer):
        if message.metadata.message_type == "train":
            given.append(message.content[names.CONFIG][names.THREADS])
        return answer

    given: list[int] = []
    hospitals = Hospitals(STEPS, note)
    settings = replace(SETTINGS, rounds=1, compute=ComputeSettings(engine=engine, cores=2))
    a_federation(folder, hospitals, settings=settings).run(InProcessGrid(hospitals, 3))
    assert given == [threads] * 3


def test_flowers_start_race_loses_no_hospital(folder):
    """FedAvg samples before it waits: with nodes that appear late it would train two hospitals of three."""
    hospitals = Hospitals(STEPS)
    a_federation(folder, hospitals).run(Late(hospitals, 3))
    assert all(row["asked"] == list(hospitals.names.values()) for row in read(folder.history))


@pytest.mark.parametrize("strategy", sorted(set(STRATEGIES) - {"pooled"}))  # which made-up hospitals cannot do
def test_a_run_that_broke_off_goes_on_to_the_same_model(folder, tmp_path, strategy):
    settings = replace(SETTINGS, strategy=compose_settings([f"strategy={strategy}"]).strategy)
    whole = RunProgress(start_arrays())
    a_federation(folder, Hospitals(STEPS), whole, settings).run(InProcessGrid(Hospitals(STEPS), 3))

    def die_in_round_three(key, message, answer):
        trained.append(key)
        if trained.count("a") > 6:  # one description, one comparison, then training and evaluation of two rounds
            raise RuntimeError("out of luck")
        return answer

    trained: list[str] = []
    second = new_run(tmp_path)
    hospitals = Hospitals(STEPS, die_in_round_three)
    with pytest.raises(Exception, match="RUN01"):
        a_federation(second, hospitals, None, settings).run(InProcessGrid(hospitals, 3))
    saved = RunProgress.load(second.checkpoint)
    assert saved.round == 2
    a_federation(second, Hospitals(STEPS), saved, settings).run(InProcessGrid(Hospitals(STEPS), 3))
    assert [row["epoch"] for row in read(second.history)] == [1, 2, 3]
    for name, array in whole.arrays.items():
        np.testing.assert_array_equal(saved.arrays[name], array)


def test_other_files_than_at_the_start_are_refused(folder):
    progress = RunProgress(start_arrays(), round=1, files={"b": "another hash"})
    hospitals = Hospitals(STEPS)
    with pytest.raises(InputError, match=r"RUN004.*Hospital B"):
        a_federation(folder, hospitals, progress).run(InProcessGrid(hospitals, 3))


def test_other_counts_than_at_the_start_are_refused_though_the_files_are_the_same(folder):
    said = description("b", train=8)
    progress = RunProgress(start_arrays(), files={"b": said.files_sha256}, described={"b": said.to_json()})
    hospitals = Hospitals(STEPS)
    hospitals.described["b"] = description("b", train=8, test=40)
    with pytest.raises(InputError, match=r"RUN004.*Hospital B describes other slices"):
        a_federation(folder, hospitals, progress).run(InProcessGrid(hospitals, 3))


def record(number: int, right: int, loss: float = 1.0, hospitals: str = "ab", pixels: int = 64) -> Round:
    confusion = np.zeros((4, 4), np.int64)
    confusion[0, 0], confusion[0, 1] = right, 10 - right
    found = Round(number, image_size=pixels, hospitals={name: HospitalRound() for name in hospitals})
    for part in found.hospitals.values():
        enter_validation(part, EvaluateResult(10, 10 * loss, confusion, [], 0.1))
    enter_totals(found, [])
    return found


@pytest.mark.parametrize(
    ("rounds", "best"),
    [
        ([record(1, 5), record(2, 7), record(3, 6)], 2),
        ([record(1, 5, 1.0), record(2, 5, 0.5), record(3, 5, 0.7)], 2),
        ([record(1, 5), record(2, 5)], 1),
        ([record(1, 5), record(2, 9, hospitals="a")], 2),
        ([record(1, 9, hospitals="a"), record(2, 5)], 1),
        ([record(1, 5, hospitals="abc"), record(2, 9, hospitals="a")], 1),
        ([record(1, 9, hospitals="a"), record(2, 5, hospitals="abc")], 2),
        ([record(1, 0, 99.0)], 1),
        ([record(1, 9, pixels=32), record(2, 5)], 2),
    ],
    ids=[
        "accuracy",
        "then loss",
        "then the earlier",
        "a silent hospital keeps no round the best",
        "and makes none",
        "of too few nothing can be compared",
        "then more hospitals",
        "any is best",
        "full size always",
    ],
)
def test_the_best_round(rounds, best):
    progress = RunProgress(start_arrays())
    flags = [advance(progress, {"round": np.array(row.number)}, row) for row in rounds]
    assert progress.best_round == best
    assert progress.best_arrays["round"] == best
    assert progress.arrays["round"] == len(rounds)
    assert flags[best - 1]
    assert [row["epoch"] for row in progress.history] == [row.number for row in rounds]


def test_the_server_app_hands_the_grid_to_the_run():
    seen = []
    grid = InProcessGrid(Hospitals(STEPS), 3)
    app = make_server_app(seen.append)
    app(grid=grid, context=Context(run_id=1, node_id=0, node_config={}, state=RecordDict(), run_config={}))
    assert seen == [grid]
