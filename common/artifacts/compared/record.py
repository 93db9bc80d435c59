"""``comparison.json``: the pairs of a comparison, and what they say together. Fractions stay fractions."""

from collections.abc import Iterable, Sequence
from typing import Any

from common.artifacts.compared.records import COMPLETED, Comparison, PairResult
from common.artifacts.layout import ComparisonFolder
from common.artifacts.run_files import now
from common.artifacts.values import mapping
from common.files import write_json
from common.metrics.case_sums import SOURCES
from common.metrics.paired.seeds import PairedTables, add_tables, distinct_share, figures_over_seeds

SCHEMA = 1
OWN, ELSEWHERE = "own", "elsewhere"
"""At the hospitals that trained both models, on what was held back; at hospitals that trained neither."""

Json = dict[str, Any]


def write_comparison(folder: ComparisonFolder, comparison: Comparison) -> Json:
    """Write a comparison whole; return what is in the file."""
    content = comparison_json(comparison)
    write_json(folder.results, content)
    return content


def comparison_json(comparison: Comparison) -> Json:
    """Return the content of ``comparison.json``."""
    done = [each for each in comparison.pairs if each.state == COMPLETED]
    return {
        "schema": SCHEMA,
        "comparison_id": comparison.comparison_id,
        "of": comparison.of,
        "with": comparison.reference,
        "state": comparison.state,
        "started_at": comparison.started_at,
        "updated_at": now(),
        "command": comparison.command,
        "synthetic": any(each.synthetic for each in done),
        "pairs": [_pair_json(each) for each in comparison.pairs],
        "unpaired": list(comparison.unpaired),
        "results": {
            OWN: part_json([each for each in done if not each.pair.elsewhere]),
            ELSEWHERE: part_json([each for each in done if each.pair.elsewhere]),
        },
    }


def _pair_json(result: PairResult) -> Json:
    pair = result.pair
    figures = part_json([result])
    return {
        "seed": pair.seed,
        "fold": pair.fold,
        "without": pair.without,
        "run": pair.run,
        "reference": pair.reference,
        "hospitals": list(pair.hospitals),
        "elsewhere": pair.elsewhere,
        "state": result.state,
        "evaluation": result.evaluation,
        "reason": result.reason,
        "difference": mapping(figures.get("slices")).get("difference") if figures else None,
    }


def part_json(results: Sequence[PairResult]) -> Json | None:
    """Return what pairs of one kind say together, over all hospitals and at each; None without a case."""
    found = _figures(results)
    if found is None:
        return None
    names = dict.fromkeys(name for each in results for name in each.tables)
    return {
        "seeds": sorted({each.pair.seed for each in results}),
        "folds": sorted({each.pair.fold for each in results if each.pair.fold is not None}),
        "unknown_class_slices": max(_by_seed_sum(results).values(), default=0),
        "patient_source": min(
            (each.source for each in results if each.source in SOURCES), key=SOURCES.index, default=None
        ),
        **found,
        "per_hospital": {name: _figures(results, name) for name in names},
    }


def _by_seed_sum(results: Iterable[PairResult]) -> dict[int, int]:
    found: dict[int, int] = {}
    for each in results:
        found[each.pair.seed] = found.get(each.pair.seed, 0) + each.unknown
    return found


def _figures(results: Sequence[PairResult], only: str | None = None) -> Json | None:
    """Add up the pairs of each seed, which share no case, then work out figures over seeds; of all, or one hospital."""
    tables: dict[int, list[PairedTables]] = {}
    tested: dict[int, dict[str, list[int]]] = {}
    for each in results:
        slices = tested.setdefault(each.pair.seed, {})
        for name in each.tables if only is None else {only} & set(each.tables):
            tables.setdefault(each.pair.seed, []).append(each.tables[name])
            slices.setdefault(name, []).extend(each.tested.get(name, ()))
    added = [add_tables(parts) for parts in tables.values()]
    return figures_over_seeds(added, distinct_share([tested[seed] for seed in tables]))
