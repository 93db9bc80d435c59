"""What people, scripts and older results rely on, as today's checkout has it: settings, commands, codes, files."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from tests.surface.codes import codes, commands, exit_codes
from tests.surface.commands import ROOT, Commands, Ended
from tests.surface.shapes import flat, keys, load, only, type_name

FILE = Path(__file__).with_name("surface.json")
PROGRAMS = ("server.simulate", "server.study", "clients.audit", "clients.fingerprints")  # of Hydra
WITHOUT_HELP = ("dashboard.app",)  # Streamlit's page
REFUSED = (
    "server.simulate rounds=0",
    "server.simulate rounds=many",
    "server.simulate roundz=3",
    "server.simulate rounds",
    "server.simulate strategy=fedcash",
    "server.simulate hospitals=[aiims_delhi]",
    "server.simulate data.root=/nowhere",
    "server.simulate resume=run-001 output_dir=/nowhere",
    "server.simulate resume=run-001 rounds=3",
    "server.simulate strategy.proximal_mu=0.1",
    "server.simulate experiment=worth_it",
    "server.study study.seeds=[1,1]",
    "server.study seed=3",
    "server.run strategy=pooled",
    "server.run --credentials /nowhere rounds=2",
    "server.serve --credentials /nowhere",
    "server.promote run-001 --reason why --output-dir /nowhere",
    "server.promote run-001",
    "server.export run-001 --to csv --output-dir /nowhere",
    "clients.cases --config /nowhere/hospital.yaml",
    "server.cross_duplicates /nowhere/a.json /nowhere/b.json",
    "clients.audit",
    "clients.audit hospital=phantom_jaipur data.root=<folder>/nowhere",
    "clients.fingerprints hospital=phantom_jaipur",
    "clients.join --config /nowhere/hospital.yaml",
    "clients.preflight --config /nowhere/hospital.yaml",
    "clients.key Wrong!",
    "common.phantoms --out /nowhere --size 3",
)


def collect(folder: Path) -> dict[str, Any]:
    """Look at everything.

    Parameters
    ----------
    folder : Path
        For the files of a few small runs.
    """
    names = commands(ROOT)
    with Commands() as child:
        ended = _run(child, folder)
        settings = _settings(child, folder)
        return {
            "settings": settings,
            "settings in files": _settings_kept(folder, settings["server.simulate"]),
            "choices": _choices(child),
            "commands": names,
            "help": {name: _help(child.run(name, "--help")) for name in names if name not in WITHOUT_HELP},
            "refused": {line: _refusal(child, line, folder) for line in REFUSED},
            "codes": codes(ROOT),
            "exit codes": exit_codes(ROOT),
            "ended": ended,
            "files": _files(folder),
            "keys": _keys(folder),
        }


# ------------------------------------------------------------------------------------------- settings and commands


def _settings(child: Commands, folder: Path) -> dict[str, dict[str, str]]:
    """Return ``type, default`` of each setting; a study repeats those of a run, which are left out there."""
    typed = _typed(folder)
    found: dict[str, dict[str, str]] = {}
    for program in PROGRAMS:
        defaults = _composed(child, program)
        found[program] = {
            name: f"{_type(child, program, name, value, typed)}, {_text(value)}"
            for name, value in defaults.items()
            if not (program == "server.study" and found["server.simulate"].get(name, "").endswith(f", {_text(value)}"))
        }
    return found


def _typed(folder: Path) -> dict[str, object]:
    """Return settings as a run writes them down, where 5 is 5.0 if a number is meant."""
    stored = sorted(folder.glob("out/artifacts/run-*/config.yaml"))
    return flat(load(stored[0])) if stored else {}


def _type(child: Commands, program: str, name: str, value: object, typed: dict[str, object]) -> str:
    if value is not None:
        number = isinstance(value, int) and isinstance(typed.get(name), float)
        return "number" if number else type_name(value)
    if program != "server.simulate":
        return "null"
    said = re.search(r"takes an? (.*), not 'probe'", child.run(program, "rounds=0", f"{name}=probe").err)
    return f"{said[1] if said else 'text'} or null"


def _text(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=1000).removesuffix("...\n").strip()


def _choices(child: Commands) -> dict[str, dict[str, str]]:
    """Return what each experiment and each strategy sets beside the defaults."""
    found = {}
    for program, group in (("server.study", "experiment"), ("server.simulate", "strategy")):
        listed = re.search(rf"^{group}: (.*)$", child.run(program, "--help").out, re.MULTILINE)
        defaults = _composed(child, program)
        for choice in listed[1].split(", ") if listed else ():
            chosen = _composed(child, program, f"{group}={choice}")
            found[f"{group}={choice}"] = {
                name: _text(value) for name, value in chosen.items() if name not in defaults or defaults[name] != value
            }
    return found


def _composed(child: Commands, program: str, *overrides: str) -> dict[str, object]:
    done = child.run(program, "--cfg", "job", *overrides)
    return flat(yaml.safe_load(done.out)) if done.code == 0 else {"cannot be composed": done.err}


def _help(done: Ended) -> list[str]:
    """Return a help text's lines, without Hydra's list of settings, which is looked at elsewhere."""
    text = re.sub(r"(?<=Settings and their defaults\n).*?(?=\n\n|\Z)", "", done.out + done.err, flags=re.DOTALL)
    return [f"exit code {done.code}", *_lines(text)]


def _refusal(child: Commands, line: str, folder: Path) -> list[str]:
    done = child.run(*line.replace("<folder>", str(folder)).split())
    return [f"exit code {done.code}", *_lines(done.err.replace(str(folder), "<folder>"))]


def _lines(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.replace(str(ROOT), "<project>").splitlines())
    return [line for line in lines if line]


# ---------------------------------------------------------------------------------------------------------- files


def _run(child: Commands, folder: Path) -> dict[str, str]:
    """Make a few small runs, two studies of them, and the small files of other commands; say how each ended."""
    ended: dict[str, str] = {}

    def run(*command: str) -> None:
        done = child.run(*command)
        short = " ".join(command).replace(str(folder), "<folder>")
        ended[short] = f"exit code {done.code}" + (f": {done.err}" if done.code else "")

    slices = folder / "slices"
    run("common.phantoms", "--out", str(slices), "--size", "48", "--slices-per-class", "12")
    for path in (slices / "dataset-1" / "glioma").glob("*"):  # now two hospitals hold the same slices
        shutil.copy(path, slices / "dataset-2" / "Glioma" / f"copy of {path.name}")

    three = "[phantom_jaipur,phantom_hyderabad,phantom_kolkata]"
    pairs = "[phantom_hyderabad,phantom_kolkata],[phantom_jaipur,phantom_kolkata],[phantom_jaipur,phantom_hyderabad]"
    common = ["data.image_size=32", f"data.cache_dir={folder / 'cache'}", f"data.root={slices}"]
    whole = [*common, f"output_dir={folder / 'out'}", "rounds=1", "train.lr=1e-3"]
    whole += ["compute.engine=inprocess", "compute.device=cpu", "compute.threads=1"]
    cell = [*whole, "in_service=false"]  # as a study starts its runs; it finds them done
    run("server.simulate", "-m", *cell, f"hospitals={three}", "strategy=local,fedavg", "seed=1,2")
    run("server.simulate", "-m", *cell, f"hospitals={pairs}", "seed=1")
    run("server.simulate", *whole, f"hospitals={three}", "strategy=pooled", "seed=1")
    study = ["server.study", *whole, f"hospitals={three}", "study.strategies=[local,fedavg]"]
    run(*study, "study.seeds=[1,2]")
    run(*study, "study.seeds=[1]", "study.leave_one_out=true")
    run("server.promote", "run-003", "--reason", "to see it", "--by", "a test", "--output-dir", str(folder / "out"))

    tools = folder / "tools"
    tools.mkdir()
    run("clients.audit", "hospital=phantom_jaipur", *common, f"json={tools / 'audit.json'}")
    run("clients.shared_key", str(tools / "shared.key"))
    for name, hospital in (("one", "phantom_jaipur"), ("other", "phantom_hyderabad")):
        its = [f"key={tools / 'shared.key'}", f"out={tools / f'{name}.json'}"]
        run("clients.fingerprints", f"hospital={hospital}", *common, *its)
    run("server.cross_duplicates", str(tools / "one.json"), str(tools / "other.json"), "--out", str(tools / "matches"))
    run("clients.key", "phantom_jaipur", "--out", str(tools))
    made = ["--public-key", str(tools / "phantom_jaipur.pub"), "--hospital", "phantom_kolkata"]
    run("server.credentials", "--out", str(tools / "credentials"), *made)
    return ended


def _runs(folder: Path) -> dict[str, list[Path]]:
    """Return the runs of each strategy."""
    found: dict[str, list[Path]] = {}
    for run in sorted(folder.glob("out/artifacts/run-*")):
        found.setdefault(str(load(run / "config.yaml")["strategy"]["name"]), []).append(run)
    return found


def _files(folder: Path) -> dict[str, str]:
    """Return every file that a run, a study and the other commands leave, and which runs leave it."""
    runs = _runs(folder)
    owners: dict[str, set[str]] = {}
    for owner, paths in runs.items():
        for run in paths:
            for path in _all_files(run):
                owners.setdefault(f"artifacts/run-###/{path}", set()).add(owner)
    found = {name: only(who, set(runs)) for name, who in owners.items()}
    rest = [path for path in _all_files(folder / "out") if not path.startswith("artifacts/run-")]
    rest += [f"<out>/{path}" for path in _all_files(folder / "tools")]
    rest += [f"<cache_dir>/runs/<token>/<key>/{path.name}" for path in folder.glob("cache/runs/*/*/*")]
    return dict(sorted(found.items())) | dict.fromkeys(sorted(map(_timeless, rest)), "")


def _all_files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def _timeless(path: str) -> str:
    return re.sub(r"\d{8}_\d{6}", "<time>", re.sub(r"study-\d+", "study-###", path))


def _settings_kept(folder: Path, names: Iterable[str]) -> dict[str, list[str]]:
    """Return how the settings that files hold differ from those of a run, which is where their names stand."""
    files = {"config.yaml": [], "model_meta.json": ["settings"], "study.json": ["settings"]}
    differing = {}
    for file, within in files.items():
        kept: set[str] = set()
        for path in folder.glob(f"out/artifacts/*/{file}"):
            content = load(path)
            kept |= set(flat(content[within[0]] if within else content))
        differing[f"not in {file}"] = sorted(set(names) - kept)
        differing[f"in {file} alone"] = sorted(kept - set(names))
    return differing


def _load(path: Path) -> Any:
    """Read a file without the settings that it repeats, so that each setting stands in one line of surface.json."""
    content = load(path)
    if path.name in ("model_meta.json", "study.json"):
        del content["settings"]
    return content


def _keys(folder: Path) -> dict[str, dict[str, str]]:
    """Return the keys of every file that has some."""
    runs = _runs(folder)
    found = {}
    for name in sorted({path.name for paths in runs.values() for run in paths for path in run.glob("*.json")}):
        contents = {who: [_load(run / name) for run in paths if (run / name).exists()] for who, paths in runs.items()}
        found[name] = keys({owner: several for owner, several in contents.items() if several})
    others = {
        "<hospital>.matches.json": folder.glob("out/artifacts/run-*/cross_duplicates/*"),
        "study.json": folder.glob("out/artifacts/study-*/study.json"),
        "history.jsonl": folder.glob("out/models/history.jsonl"),
        "audit.json": folder.glob("tools/audit.json"),
        "fingerprints.json": (folder / "tools" / f"{name}.json" for name in ("one", "other")),
        "hospital.yaml": folder.glob("tools/credentials/handout/*/hospital.yaml"),
    }
    for name, paths in others.items():
        found[name] = keys({"": [_load(path) for path in sorted(paths)]})
    cards = [path.read_text().splitlines() for path in sorted(folder.glob("out/artifacts/run-*/model_card.md"))]
    found["model_card.md"] = dict.fromkeys((line for card in cards for line in card if line.startswith("##")), "")
    return found
