"""Event files, read back with TensorBoard's own reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.plugins.hparams import metadata as hparams_metadata

from common.artifacts.load import load_run
from server.export.__main__ import main
from tests.support import study_files
from tests.support.run_files import STRANGE, write_run
from tests.support.studies import done, study


def read(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    found.Reload()
    return found


def exported(output_dir: Path) -> Path:
    assert main(["run-007", "--to", "tensorboard", "--output-dir", str(output_dir)]) == 0
    return output_dir / "exports" / "tensorboard" / "run-007"


def test_every_round_is_on_its_curve_over_all_hospitals_and_at_each(tmp_path):
    run = load_run(write_run(tmp_path, "run-007"))
    (tmp_path / "artifacts/run-007/model_card.md").write_text("# Card")
    folder = exported(tmp_path)
    found = read(folder)
    curve = found.Scalars("val_accuracy")
    assert [event.step for event in curve] == [1, 2, 3, 4]
    assert [event.value for event in curve] == pytest.approx([each.val_accuracy for each in run.rounds])
    assert found.Scalars("test/test_accuracy")[0].value == pytest.approx(0.89)
    own = read(folder / "Phantom Jaipur")
    losses = [each.hospitals["Phantom Jaipur"].train_loss for each in run.rounds]
    assert [event.value for event in own.Scalars("train_loss")] == pytest.approx(losses)
    assert own.Scalars("train_loss")[0].wall_time > 1.7e9


def test_card_tags_and_settings_come_along(tmp_path):
    write_run(tmp_path, "run-007")
    (tmp_path / "artifacts/run-007/model_card.md").write_text("# Card")
    found = read(exported(tmp_path))
    texts = {tag: found.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in found.Tags()["tensors"]}
    assert texts["model card/text_summary"] == "# Card"
    assert "SYNTHETIC" in texts["tags/text_summary"]
    content = found.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    started = hparams_metadata.parse_session_start_info_plugin_data(content)
    assert started.hparams["train.batch_size"].string_value == "16"


def test_tensorboard_lists_each_run_and_its_hospitals_below_it(tmp_path):
    write_run(tmp_path, "run-007")
    found = EventMultiplexer().AddRunsFromDirectory(str(exported(tmp_path).parent))
    names = {"Phantom Hyderabad", "Phantom Jaipur", "Phantom Kolkata"}
    assert set(found.Runs()) == {"run-007", *(f"run-007/{name}" for name in names)}


def test_a_study_is_a_folder_with_a_run_for_each_cell(tmp_path):
    write_run(tmp_path, "run-001")
    study_files.save(tmp_path, study([done("local", 42, 80), done("fedavg", 42, 90)]))
    assert main(["study-001", "--to", "tensorboard", "--output-dir", str(tmp_path)]) == 0
    found = EventMultiplexer().AddRunsFromDirectory(str(tmp_path / "exports/tensorboard"))
    assert {"study-001/local-seed42", "study-001/fedavg-seed42"} < set(found.Runs())
    assert len(found.Runs()) == 2 * 4


def test_exporting_again_does_not_double(tmp_path):
    write_run(tmp_path, "run-007")
    for _ in range(2):
        folder = exported(tmp_path)
    assert len(list(folder.rglob("*tfevents*"))) == 4
    assert len(read(folder).Scalars("val_accuracy")) == 4


def test_a_hospitals_name_leads_to_no_other_folder(tmp_path):
    write_run(tmp_path, "run-007", hospitals={"../../../out": (0.0, 0.0), "..": (1.0, 1.0), **STRANGE})
    folder = exported(tmp_path)
    assert len(list(folder.rglob("*tfevents*"))) == 1 + 5
    assert {path.name for path in tmp_path.iterdir()} == {"artifacts", "exports", "logs"}
