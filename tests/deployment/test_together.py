"""Every terminal of the guide started at once: hospitals wait for the centre, which knows them at once."""

from tests.deployment.harness import KEYS, deployment


def test_hospitals_that_start_before_the_centre_wait_and_are_known_at_once(tmp_path, phantoms):
    (tmp_path / "empty").mkdir()
    with deployment(tmp_path, phantoms) as made:
        made.make_credentials()
        # without slices the preflight ends soon after the centre was asked, which is what this is about
        flags = ("--data-root", str(tmp_path / "empty"))
        hospitals = [made.start(key, "clients.join", "--config", str(made.site(key)), *flags) for key in KEYS]
        for process in hospitals:
            process.until("Trying again every")
        made.serve()
        for process in hospitals:
            assert process.finish() == 2
            assert "PRE001" in process.text
            assert "The centre knows SHA256" in process.text
            assert "PRE004: " not in process.text, "no hospital was ever unknown"
            assert "cannot take part yet (PRE008)" in process.text
        assert made.serving.text.index(f"{KEYS[2]}: key") < made.serving.text.index("Ready.")
