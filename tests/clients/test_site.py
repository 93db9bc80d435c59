import pickle

from clients.site import Site
from common.protocol.progress_channel import Progress, ProgressChannel
from tests.support.sites import sites_of


def test_the_folder_lies_below_the_hospitals_own_root(phantoms, tmp_path):
    site = sites_of(phantoms, tmp_path)[2]
    assert site.folder == phantoms / "dataset-3"
    assert not site.explains, "what an error says stays at the hospital unless it is a simulation"


def test_progress_goes_to_the_channel_under_the_hospitals_key(phantoms, tmp_path):
    silent = sites_of(phantoms, tmp_path)[0]
    assert silent.progress_callback("training") is None
    channel = ProgressChannel(tmp_path)
    tell = Site(silent.hospital, phantoms, tmp_path, channel=channel).progress_callback("training")
    assert tell is not None
    tell(0, 9)
    assert channel.read() == [Progress("phantom_jaipur", "training", 0, 9)]


def test_a_site_travels_to_its_own_process(phantoms, tmp_path):
    site = Site(sites_of(phantoms, tmp_path)[0].hospital, phantoms, tmp_path, channel=ProgressChannel(tmp_path))
    back = pickle.loads(pickle.dumps(site))
    assert (back.hospital, back.folder) == (site.hospital, site.folder)
