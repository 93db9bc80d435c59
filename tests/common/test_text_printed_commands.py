"""A command that is printed does what it says when it is pasted into a shell, whatever its folders are called."""

import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from clients.site import read_site
from common.artifacts.layout import RunFolder
from common.artifacts.service import _by_hand
from common.config.hospital import hospital_from
from common.config.hydra import compose_settings, load_hospital
from common.config.plain_yaml import read_settings
from common.errors import InputError
from server import credentials, promote
from server import run as server_run
from server.centre.layout import Centre, with_credentials
from server.centre.onboarding_kit import site_yaml
from server.recording.resume import stored_settings
from server.recording.stale_runs import resume_command

STRANGE = ["plain", "a b", "it's", "$HOME", "a,b=c", "(x)", "a;b", "ä", "~x", "[a]", "{a}", "-x", "null"]


def pasted(command: str) -> list[str]:
    """Let a real shell take a command apart."""
    words = f"printf '%s\\0' {command}"
    return subprocess.run(["sh", "-c", words], capture_output=True, check=True).stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("name", STRANGE)
def test_a_run_goes_on_with_the_printed_command(tmp_path, name):
    place = str(tmp_path / name)
    words = pasted(resume_command("server.simulate", RunFolder(Path(place), "run-007"), place))
    assert words[:3] == ["python", "-m", "server.simulate"]
    settings = compose_settings(words[3:])
    assert (settings.resume, settings.output_dir) == ("run-007", place)


@pytest.mark.parametrize("name", STRANGE)
def test_credentials_and_output_folders_are_in_every_command(tmp_path, name):
    centre = Centre(tmp_path / name)
    words = pasted(f"python -m {with_credentials('server.serve', centre.folder)}")
    assert words[2:] == ["server.serve", "--credentials", str(centre.folder)]
    made = pasted(f"python -m {with_credentials('server.credentials', centre.folder, '--out')} --renew")
    assert credentials.parser().parse_args(made[3:]).out == centre.folder
    said = server_run._go_on(centre, str(tmp_path / name), "run-001", [])
    given = server_run.parser().parse_args(pasted(said.partition("go on with: ")[2])[3:])
    assert given.credentials == centre.folder
    assert compose_settings(given.overrides).output_dir == str(tmp_path / name)
    by_hand = _by_hand(RunFolder(tmp_path / name, "run-001")).removesuffix(" puts it there all the same.")
    assert promote.parser().parse_args(pasted(by_hand)[3:]).output_dir == tmp_path / name


def test_a_run_that_had_not_begun_is_started_again_with_what_was_typed(tmp_path):
    said = server_run._go_on(Centre(tmp_path), str(tmp_path), None, ["hospitals=[a,b]", "rounds=3"])
    assert shlex.split(said.partition("start the run again: ")[2])[-2:] == ["hospitals=[a,b]", "rounds=3"]


@pytest.mark.parametrize(
    "name", ["St. Mary's: Delhi", "no", "[x]", "2019", "a # b", "- x", "ä", '"q"', "{a: b}", "* x"]
)
def test_a_kit_reads_as_it_was_written_whatever_the_hospital_is_called(tmp_path, name):
    facts = {**vars(load_hospital("aiims_delhi")), "name": name, "class_map": {name: "glioma"}}
    key = facts.pop("key")
    path = tmp_path / "hospital.yaml"
    path.write_text(site_yaml(hospital_from(facts, key), "::1:8443"))
    site = read_site(path)
    assert (site.hospital.name, site.address) == (name, ("::1", 8443))
    assert site.hospital.class_map == {name: "glioma"}


SECRET = "${oc.env:SECRET_OF_THIS_MACHINE}"


def test_a_file_from_elsewhere_is_read_without_looking_anything_up(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THIS_MACHINE", "hunter2")
    folder = RunFolder(tmp_path, "run-001")
    folder.path.mkdir(parents=True)
    folder.config.write_text(yaml.safe_dump({"data": {"root": SECRET}, "hospitals": [SECRET]}))
    assert stored_settings(folder).data.root == SECRET
    folder.config.write_text(yaml.safe_dump({"rounds": SECRET}))
    with pytest.raises(InputError, match="rounds takes a whole number") as caught:
        stored_settings(folder)
    assert "hunter2" not in str(caught.value)
    path = tmp_path / "hospital.yaml"
    text = site_yaml(load_hospital("aiims_delhi"), "localhost:8443")
    path.write_text(text.replace("data_root: /path/to/slices", f"data_root: {SECRET}"))
    assert read_site(path).data_root == tmp_path / SECRET


@pytest.mark.parametrize(
    "text",
    ["a: &a [1]\nb: *a\n", "a: 1\na: 2\n", "[" * 5000, "a: " + "{b: " * 5000, "1: 2\n", "a: !!python/object:x {}\n"],
)
def test_yaml_that_is_more_than_plain_values_is_refused_in_a_sentence(tmp_path, text):
    path = tmp_path / "hospital.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match="SITE001"):
        read_site(path)


def test_a_date_stays_a_text(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("name: 2020-01-01\n")
    assert read_settings(path) == {"name": "2020-01-01"}
