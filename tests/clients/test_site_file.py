import stat
from pathlib import Path

import pytest

from clients.site import read_site, write_site
from common.config.hydra import load_hospital
from common.errors import InputError
from server.centre.onboarding_kit import site_yaml


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "hospital.yaml"
    path.write_text(site_yaml(load_hospital("aiims_delhi"), "centre.example.org:8443"))
    return path


def test_the_handed_out_file_is_read_with_paths_from_its_own_folder(written, tmp_path):
    site = read_site(written)
    assert site.address == ("centre.example.org", 8443)
    assert site.hospital.name == "AIIMS Delhi"
    assert site.private_key == tmp_path / "aiims_delhi.key"
    assert site.root_certificate == tmp_path / "ca.crt"
    assert site.site().folder == Path("/path/to/slices/dataset-1")
    assert not site.site().explains


def test_flags_go_before_the_file(written, tmp_path):
    site = read_site(written, {"data_root": tmp_path / "mri", "device": None, "port": "9095"})
    assert (site.data_root, site.device, site.port) == (tmp_path / "mri", "auto", 9095)


def test_what_is_written_reads_the_same(written, tmp_path):
    site = read_site(written)
    (tmp_path / "elsewhere").mkdir()
    again = read_site(write_site(site, tmp_path / "elsewhere" / "site.yaml"))
    assert {**vars(again), "path": None} == {**vars(site), "path": None}
    assert stat.S_IMODE(again.path.stat().st_mode) == 0o600


def test_no_table_of_cases_is_kept_until_the_hospital_asks_for_one(written, tmp_path):
    assert not read_site(written).site().keep_cases
    written.write_text(written.read_text().replace("# keep_cases:", "keep_cases:"))
    site = read_site(written)
    assert site.site().keep_cases
    assert read_site(write_site(site, tmp_path / "again.yaml")).keep_cases


def test_no_fingerprint_leaves_until_the_hospital_names_a_key(written, tmp_path):
    assert read_site(written).site().fingerprint_key is None
    written.write_text(written.read_text().replace("# fingerprint_key:", "fingerprint_key:"))
    site = read_site(written)
    assert site.site().fingerprint_key == tmp_path / "shared.key"
    assert read_site(write_site(site, tmp_path / "again.yaml")).fingerprint_key == tmp_path / "shared.key"


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("data_root:", "data_rot:", "SITE002", "did you mean 'data_root'"),
        ("superlink: centre.example.org:8443", "", "SITE002", "does not set superlink"),
        (":8443", "", "SITE002", "host:port"),
        ("device: auto", "device: tpu", "SITE002", "auto, cpu or cuda"),
        ("  key: aiims_delhi", "  kee: aiims_delhi", "SITE002", "hospital needs key"),
        ("device: auto", "keep_cases: maybe", "SITE002", "true or false"),
        ("glioma: glioma", "glioma: gliomaa", "CONF007", "hospital.yaml"),
        ("superlink:", "superlink: [", "SITE001", "cannot be read"),
    ],
)
def test_mistakes_are_named(written, old, new, code, says):
    written.write_text(written.read_text().replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        read_site(written)
    assert caught.value.code == code
    assert says in caught.value.sentence


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="SITE001"):
        read_site(tmp_path / "no.yaml")
