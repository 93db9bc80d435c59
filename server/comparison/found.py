"""Which pairs are judged already: by the evaluations below the output folder, whoever started them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from common.artifacts.compared.records import COMPLETED, Pair, PairResult
from common.artifacts.compared.tables import tables_of
from common.artifacts.external.comparison import reference_of
from common.artifacts.external.load import load_evaluations
from common.artifacts.external.trained_at import read_object, trained_at
from common.artifacts.layout import RunFolder
from common.artifacts.load import load_run
from common.artifacts.values import mapping, sequence, text
from common.files import absolute
from common.labels import CLASSES
from common.metrics.paired.seeds import PairedTables

Meta = Mapping[str, Any]


class Evaluations:
    """Finds the newest evaluation of a pair: the same two models at the same hospitals, none of them missing.

    Parameters
    ----------
    root : Path
        Folder of the slices: an evaluation of other slices is none of the pair.
    """

    def __init__(self, output_dir: Path, root: Path) -> None:
        self._output_dir = output_dir
        self._root = root

    def of(self, pairs: Sequence[Pair]) -> list[PairResult | None]:
        """Return each pair's result; None where it has not been judged."""
        found = load_evaluations(self._output_dir)[0]
        results: list[PairResult | None] = []
        for pair in pairs:
            fitting = next((each for each in found if self._fits(each.meta, pair)), None)
            results.append(self._result(pair, fitting.evaluation_id, fitting.meta) if fitting else None)
        return results

    def _fits(self, meta: Meta, pair: Pair) -> bool:
        if (text(meta.get("of")), reference_of(meta)) != (pair.run, pair.reference) or meta.get("missing_hospitals"):
            return False
        keys = {text(mapping(each).get("key")) for each in sequence(meta.get("hospitals"))}
        root = text(mapping(mapping(meta.get("settings")).get("data")).get("root"))
        models = (meta.get("model_sha256"), mapping(meta.get("comparison")).get("model_sha256"))
        return (
            keys == set(pair.hospitals)
            and root is not None
            and absolute(root) == self._root
            and models == tuple(self._sha256(run) for run in (pair.run, pair.reference))
        )

    def _sha256(self, run: str) -> Any:
        return read_object(RunFolder(self._output_dir, run).meta).get("sha256")

    def _held(self, pair: Pair) -> list[str]:
        """Return the classes that a training hospital of either run holds."""
        runs = (load_run(RunFolder(self._output_dir, run).path) for run in (pair.run, pair.reference))
        counts = [each.class_counts for run in runs for each in run.hospitals.values()]
        return [name for name in CLASSES if any(each.get(name) for each in counts)]

    def _result(self, pair: Pair, evaluation: str, meta: Meta) -> PairResult:
        folder = RunFolder(self._output_dir, pair.run)
        classes = self._held(pair) if pair.elsewhere else CLASSES
        tables, everything = tables_of(meta, classes), tables_of(meta)
        cases = {name: int(each.slices.sum()) for name, each in tables.items()}
        own = {each.name: each.test for each in trained_at(folder).values()}
        return PairResult(
            pair,
            COMPLETED,
            evaluation,
            tables=tables,
            tested={name: range(cases[name]) if pair.elsewhere else own[name] for name in tables},
            unknown=_slices(everything) - _slices(tables),
            source=text(mapping(mapping(meta.get("comparison")).get("patients")).get("source")),
            synthetic=meta.get("synthetic") is True,
        )


def _slices(tables: Mapping[str, PairedTables]) -> int:
    return sum(int(each.slices.sum()) for each in tables.values())
