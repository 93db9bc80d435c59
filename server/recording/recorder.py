"""Writes a run's artifacts while it goes on; the only writer of everything under ``artifacts/run-###/``."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from common.artifacts import card, meta, run_files, weights, words
from common.artifacts.external.lineage import Origin, TrainedBefore, trained_before
from common.artifacts.external.recipe import Recipe
from common.artifacts.external.yardsticks import Yardsticks
from common.artifacts.layout import RunFolder
from common.artifacts.ledger.check import found_files
from common.artifacts.ledger.lines import Completed, Described, Ended, Entry, Files, RoundDone
from common.artifacts.live.elapsed import last_word, worked_seconds
from common.artifacts.live.record import load_live
from common.artifacts.load import load_run
from common.artifacts.privacy.spent import privacy_json
from common.artifacts.schema import Failure
from common.config.partition import cut_sentence
from common.config.settings import RunSettings
from common.config.strategies import POOLED_STRATEGY
from common.errors import ProjectError
from common.files import json_file, sync_folder, write_bytes
from common.labels import LABEL_MAP
from common.metrics.calibration import TemperatureChoice
from common.metrics.evaluation import EvaluateResult
from common.metrics.familiar.record import Familiarity
from common.model.state import state_from_arrays
from common.overlap.matches import CrossDuplicates
from common.protocol.description import Description
from common.protocol.digest import digest_of
from common.protocol.plan import Plan
from server.recording.checkpoint import RunProgress
from server.recording.events import Listener
from server.recording.ledger import NO_LEDGER, Ledger, Start, Unrecorded


class Recorder(Listener):
    """Keeps one run's folder up to date.

    Parameters
    ----------
    folder : RunFolder
        The run's own folder; it exists.
    names : sequence of str
        The hospitals' names, in configured order.
    log : Path
        The run's log file.
    ledger : Unrecorded or Ledger
        Hears of every file before and after it is written.
    recipe : Recipe, optional
        The run that tested the recipe of a final model.
    """

    def __init__(
        self,
        folder: RunFolder,
        settings: RunSettings,
        plan: Plan,
        names: Sequence[str],
        log: Path,
        ledger: Unrecorded = NO_LEDGER,
        recipe: Recipe | None = None,
    ) -> None:
        self.folder = folder
        self.ledger = ledger
        self.recipe = recipe
        self._settings = settings
        self._plan = plan
        self._descriptions: list[Description] = []
        self._duplicates: CrossDuplicates | None = None
        self._origin: Origin | None = None
        self._trained_before: TrainedBefore | None = None
        self.resume_command: str | None = None  # for a process that is killed
        self._stopped: set[str] = set()  # names of hospitals whose privacy budget is spent
        self._why_early: str | None = None  # a completed run has fewer rounds than it was to have
        self.status = run_files.new_status(
            run_id=folder.run_id,
            rounds=settings.rounds,
            strategy=settings.strategy.name,
            engine=settings.compute.engine,
            hospitals=tuple(names),
            log=log.relative_to(folder.output_dir).as_posix(),
            pooled=settings.strategy.name == POOLED_STRATEGY,
            notice=words.notice(
                settings.strategy.name, cut_sentence(settings.hospitals, settings.partition), settings.figures_of
            ),
        )

    def start(self, progress: RunProgress) -> None:
        """Write what is known before a hospital has spoken; a resumed run keeps its rows."""
        self._origin = progress.origin
        self.status.earlier_seconds = self._worked_before()
        self._enter_start(progress)
        self.status.synthetic = any(said.synthetic for said in progress.descriptions().values())
        self.status.round, self.status.missing_hospitals = progress.round, tuple(progress.missing)
        self._save_status()
        self._store(self._first_files(progress))

    def _worked_before(self) -> float | None:
        """Return how long earlier processes worked on this run, up to their last word."""
        if not self.folder.status.exists():
            return 0.0
        before = load_run(self.folder.path)
        return worked_seconds(before.status, before.rounds, last_word(before.status, load_live(self.folder.path)))

    def _enter_start(self, progress: RunProgress) -> None:
        """Let the ledger begin, or say that the run goes on."""
        if not isinstance(self.ledger, Ledger):
            return
        init = progress.origin.to_json() if progress.origin else {}
        start = Start(progress.round, self._digests(self._first_files(progress)), found_files(self.folder), init)
        if self.ledger.first:
            self.ledger.resume(start)
        else:
            hospitals = dict(zip(self._settings.hospitals, self.status.hospitals, strict=True))
            self.ledger.begin(self._settings, self._plan, hospitals, start, digest_of(progress.arrays))
        progress.ledger = self.status.ledger = self.ledger.first

    def _first_files(self, progress: RunProgress) -> dict[Path, bytes]:
        contents = {self.folder.label_map: json_file(LABEL_MAP), self.folder.history: json_file(progress.history)}
        if not self.folder.config.exists():
            contents[self.folder.config] = OmegaConf.to_yaml(OmegaConf.structured(self._settings)).encode()
        return contents

    def described(self, descriptions: Sequence[Description]) -> None:
        self.status.synthetic = any(d.synthetic for d in descriptions)
        self._descriptions = list(descriptions)
        if self._origin:
            self._trained_before = trained_before(self.folder.output_dir, self._origin, descriptions)
        contents = {self.folder.stats: self._stats()}
        if {d.name for d in descriptions} - self._in_splits():
            contents[self.folder.splits] = json_file(run_files.splits_json(descriptions, self._plan))
        said = {d.key: hashlib.sha256(d.to_json().encode()).hexdigest() for d in descriptions}
        self._write(contents, Described, hospitals=said)
        self._save_status()

    @property
    def doubt(self) -> str | None:
        """What is wrong with the test before it is made: slices that the model has been trained on."""
        return self._trained_before.sentence if self._trained_before else None

    def compared(self, found: CrossDuplicates) -> None:
        self._duplicates = found
        contents = {self.folder.stats: self._stats()}
        for matches in found.lists:
            path = self.folder.match_list(matches.hospital)
            path.parent.mkdir(exist_ok=True)
            contents[path] = matches.to_json().encode()
        self._write(contents, Described)

    def _stats(self) -> bytes:
        return json_file(run_files.stats_json(self._descriptions, self._plan, self._duplicates))

    def _write(self, contents: Mapping[Path, bytes], kind: type[Entry], **facts: Any) -> None:
        """Announce files to the ledger, write them, and say that they are there."""
        self.ledger.announce(kind, self._digests(contents), **facts)
        self._store(contents)

    def _store(self, contents: Mapping[Path, bytes]) -> None:
        for path, content in contents.items():
            write_bytes(path, content)
        for folder in {path.parent for path in contents}:
            sync_folder(folder)
        self.ledger.stored()

    def _digests(self, contents: Mapping[Path, bytes]) -> Files:
        base = self.folder.path
        return {path.relative_to(base).as_posix(): hashlib.sha256(each).hexdigest() for path, each in contents.items()}

    def _in_splits(self) -> set[str]:
        """Return the hospitals of the file of splits; one may join late, and a resumed run keeps its file."""
        try:
            return set(json.loads(self.folder.splits.read_text(encoding="utf-8"))["hospitals"])
        except FileNotFoundError:
            return set()

    def stopped(self, name: str) -> None:
        self._stopped.add(name)

    def ended_early(self, sentence: str) -> None:
        self._why_early = sentence

    def phase(self, name: str, server_round: int) -> None:
        self.status.phase = name
        self._save_status()

    def failed(self, failure: Failure) -> None:
        if failure.hospital not in self.status.missing_hospitals:
            self.status.missing_hospitals += (failure.hospital,)
        self._save_status()

    def save_round(self, progress: RunProgress) -> None:
        """Store a complete round: first what a resume needs, then what readers see."""
        progress.missing = list(self.status.missing_hospitals)
        is_best = progress.best_round == progress.round
        contents = {self.folder.checkpoint: progress.to_bytes()}
        if is_best and (best := self._best(progress)):
            contents[self.folder.best_weights] = best
        contents[self.folder.history] = json_file(progress.history)
        self._write(contents, RoundDone, round=progress.round, best=is_best)
        self.status.round = progress.round
        self._save_status()

    def complete(
        self,
        progress: RunProgress,
        descriptions: Sequence[Description],
        tests: Mapping[str, EvaluateResult],
        temperature: TemperatureChoice,
        best_rounds: Mapping[str, int],
        yardsticks: Yardsticks,
        familiarity: Familiarity,
    ) -> dict[str, Any]:
        """Write the figures of the best round, close the run and return ``model_meta.json``.

        Parameters
        ----------
        temperature : TemperatureChoice
            Of the model that was tested.
        best_rounds : mapping of str to int
            Hospital's name to the round whose model it tested.
        """
        best = self._best(progress)
        sha256 = hashlib.sha256(best).hexdigest() if best else None
        finished = meta.FinishedRun(
            run_id=self.folder.run_id,
            strategy=self._settings.strategy.name,
            seed=self._settings.seed,
            rounds=progress.round,
            best_round=progress.best_round,
            image_size=self._settings.data.image_size,
            best_val_accuracy=progress.best_row.get("val_accuracy"),
            temperature=temperature.applied,
            temperature_choice=temperature,
            familiarity=familiarity,
            cut=cut_sentence(self._settings.hospitals, self._settings.partition),
            engine=self.status.engine or "",
            device=", ".join(sorted({d.device for d in descriptions})),
            descriptions=descriptions,
            stats=run_files.stats_json(descriptions, self._plan, self._duplicates),
            test_slices_trained_elsewhere=(
                self._duplicates.test_slices_trained_elsewhere if self._duplicates else None
            ),
            test_patients_trained_elsewhere=(
                self._duplicates.test_patients_trained_elsewhere if self._duplicates else None
            ),
            tests=tests,
            missing_hospitals=self.status.missing_hospitals,
            grouped=self._plan.data.group_split,
            sha256=sha256,
            versions=self.status.versions,
            settings=asdict(self._settings),
            keeps=self._plan.strategy.keeps,
            token=progress.token,
            ledger=self.ledger.first or None,
            best_epochs=best_rounds,
            origin=progress.origin,
            trained_before=self._trained_before,
            yardsticks=yardsticks,
            recipe=self.recipe,
            privacy=privacy_json(self._settings, progress.history, descriptions, self._stopped),
        )
        content = meta.meta_json(finished)
        self._enter_state("completed", self._why_early)
        contents = {self.folder.best_weights: best} if best else {}
        if best and (measured := familiarity.file()):
            contents[self.folder.familiarity] = measured
        contents |= {self.folder.card: card.card_text(content).encode(), self.folder.status: self._status()}
        last = json_file(content)
        said = {"best_round": progress.best_round, "model": sha256, "meta": hashlib.sha256(last).hexdigest()}
        self._write(contents, Completed, **said)
        write_bytes(self.folder.meta, last)  # this file says that a run is complete, so it comes last
        sync_folder(self.folder.path)
        self.folder.checkpoint.unlink(missing_ok=True)
        return content

    def _best(self, progress: RunProgress) -> bytes | None:
        """Return the file of the best model; a part of one is no model, so nothing is written of it."""
        if words.no_shared_model(self._plan.strategy.keeps):
            return None
        return weights.weights_file(state_from_arrays(progress.best_arrays))

    def end(self, error: ProjectError, state: str, resume_command: str | None) -> None:
        """Say why the run ended before its time."""
        self.status.resume_command = resume_command
        self._enter_state(state, error.sentence)
        self._write({self.folder.status: self._status()}, Ended, state=state, reason=error.code)

    def _enter_state(self, state: str, reason: str | None) -> None:
        self.status.state, self.status.reason, self.status.ended_at = state, reason, run_files.now()
        if state == "completed":
            self.status.phase, self.status.resume_command = "done", None

    def _status(self) -> bytes:
        return run_files.status_file(self.status)

    def _save_status(self) -> None:
        write_bytes(self.folder.status, self._status())
