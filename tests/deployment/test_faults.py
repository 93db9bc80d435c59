"""One long run over a network that is torn at: every fault is named, every hospital comes back, nothing is lost."""

import json
import signal
import time

import pytest

from server.centre.certificates import new_server_certificate
from server.centre.layout import open_centre
from tests.deployment.clocks import own_clock
from tests.deployment.harness import KEYS, NAMES, wait_for
from tests.deployment.tampering import tampered_program

JAIPUR, HYDERABAD, KOLKATA = KEYS


def failures(made, key, since=0):
    """What the history says of a hospital after a round."""
    return [f for row in made.history()[since:] for f in row["failed"] if f["hospital"] == NAMES[key]]


def until_named(made, key, since):
    wait_for(lambda: failures(made, key, since), f"{key} to be named in the history", made.running)
    return failures(made, key, since)[0]["reason"]


def until_back(made, key, since):
    """Wait for a round in which a hospital trained and validated again."""

    def back():
        return any(NAMES[key] in row["replied"] for row in made.history()[since:])

    wait_for(back, f"{key} to train again", made.running)


@pytest.fixture(scope="module")
def running(networked, tmp_path_factory):
    """A run that would go on for long; one hospital's program is altered, another's clock can be set wrong."""
    made = networked
    made.serve()
    made.clock, made.own_clock = own_clock(made.folder) or (None, {})
    made.join(JAIPUR, environment=made.own_clock)
    made.join(HYDERABAD)
    made.order = made.folder / "order"
    made.altered = tampered_program(tmp_path_factory.mktemp("altered"), made.order)
    made.join(KOLKATA, environment=made.altered)
    shaped = "wire=float32"  # tensors travel with their shapes, so that one of another shape can come
    made.running = made.run(*made.overrides(200), "strategy.wait_seconds=600", shaped)
    wait_for(lambda: made.rounds_done() >= 1, "the first round", made.running)
    return made


def test_a_killed_client_app_and_a_link_that_is_gone_for_a_third_of_a_minute_cost_nothing(running):
    """The hospitals connect anew by themselves, and are asked again."""
    done = running.rounds_done()
    wait_for(running.joined[KOLKATA].at_work, "a message at work", running.running)
    running.joined[KOLKATA].at_work().kill()
    if running.network:  # not before the wait, which may be long: after a minute a node counts as gone
        running.network.cut(HYDERABAD)
    time.sleep(20)
    if running.network:
        running.network.mend(HYDERABAD)
    running.joined[KOLKATA].until("was killed by signal 9")
    until_back(running, KOLKATA, done + 1)
    until_back(running, HYDERABAD, done + 1)
    assert not failures(running, KOLKATA, done)
    assert not failures(running, HYDERABAD, done)


def test_bad_updates_are_left_out_and_named_and_the_rounds_go_on_with_the_rest(running):
    expected = {
        "nan": "layer3.0.conv1.weight holds values that are not finite",
        "shape": "fc.weight has shape (512, 4) instead of (4, 512)",
        "large": "times as large as",
    }
    begin = running.rounds_done() + 2  # the next one may be under way
    running.order.write_text(json.dumps({str(begin + index): how for index, how in enumerate(expected)}))
    wait_for(lambda: running.rounds_done() >= begin + len(expected), "the rounds", running.running)
    for row, reason in zip(running.history()[begin - 1 :], expected.values(), strict=False):
        assert row["replied"] == [NAMES[JAIPUR], NAMES[HYDERABAD]]
        assert [failure["hospital"] for failure in row["failed"]] == [NAMES[KOLKATA]]
        assert reason in row["failed"][0]["reason"]
        assert reason in running.running.text
    assert running.history()[begin + len(expected) - 1]["failed"] == []
    assert running.read("status")["missing_hospitals"] == [NAMES[KOLKATA]]


def test_a_machine_that_is_killed_at_work_is_named_and_the_round_goes_on_with_the_rest(running):
    done = running.rounds_done()
    wait_for(running.joined[KOLKATA].at_work, "a message at work", running.running)
    running.joined[KOLKATA].kill()
    assert "its SuperNode is gone" in until_named(running, KOLKATA, done)
    row = next(row for row in running.history()[done:] if row["failed"])
    assert row["replied"] == [NAMES[JAIPUR], NAMES[HYDERABAD]]


def test_a_cut_link_a_stopped_node_and_a_wrong_clock_make_the_run_wait_until_they_are_mended(running):
    """Where there is no network to cut or no clock to set, that machine is stopped, too."""
    done = running.rounds_done()
    running.join(KOLKATA, environment=running.altered).until("connected to the centre")
    stopped = running.joined[KOLKATA].family()
    if running.network:
        running.network.cut(HYDERABAD)
    else:
        stopped += running.joined[HYDERABAD].family()
    if running.clock:
        running.clock.write_text("60")
    else:
        stopped += running.joined[JAIPUR].family()
    for process in stopped:
        process.suspend()

    if running.clock:
        see_the_wrong_clock(running)
    running.running.until(f"waiting up to 600 s for: {', '.join(NAMES.values())}")
    if running.clock:
        running.clock.write_text("0")
    for process in stopped:
        process.resume()
    if running.network:
        running.network.mend(HYDERABAD)
    for key in KEYS:
        assert until_named(running, key, done)
        until_back(running, key, len(running.history()) - 1)


def see_the_wrong_clock(made):
    """Hospital, centre and preflight each say what is wrong."""
    made.joined[JAIPUR].until("this machine's clock is off")
    made.serving.until(f"(the key of {JAIPUR}): /v1/fleet/activate-node, HTTP 401: its clock is 60 s ahead of")
    command = ["clients.preflight", "--config", str(made.site(JAIPUR)), "--image-size=32"]
    look = made.start("look", *command, where=JAIPUR, environment=made.own_clock)
    assert look.finish() == 2
    assert "PRE003" in look.text
    assert "ahead of the centre's" in look.text


def test_ctrl_c_ends_the_run_and_says_how_to_go_on(running):
    running.running.popen.send_signal(signal.SIGINT)
    assert running.running.finish() == 130
    wait_for(lambda: running.read("status")["state"] == "interrupted", "the run to be marked")
    assert "resume=run-001" in running.read("status")["resume_command"]
    assert "Traceback" not in running.running.text
    assert set(NAMES.values()) == set(running.read("status")["missing_hospitals"])


def test_an_expired_certificate_is_named_everywhere_and_a_new_one_is_enough(running):
    assert running.serving.stop() == 0
    folder = running.credentials
    (folder / "server.key").unlink()
    authority = folder / "ca" / "ca.crt", folder / "ca" / "ca.key"
    new_server_certificate(folder / "server.crt", folder / "server.key", authority, [running.host, "127.0.0.1"], 0)
    refused = running.start(
        "refused",
        *("server.serve", "--credentials", str(folder), "--host", running.host, "--port", str(running.port)),
    )
    assert refused.finish() == 2
    assert "CENTRE008" in refused.text

    flags = ["--ssl-ca-certfile", str(authority[0]), "--ssl-certfile", str(folder / "server.crt")]
    flags += ["--ssl-keyfile", str(folder / "server.key"), "--enable-supernode-auth", "--database", ":flwr-in-memory:"]
    flags += ["--host", running.host, "--port", str(running.port)]
    late = running.start("late", "server.centre.superlink", *flags, environment=open_centre(folder).environment())
    for key in KEYS:
        wait_for(lambda key=key: "certificate has expired" in running.joined[key].text, f"{key} to see it", late)
    assert "TLS failed" in late.text
    look = running.start("look", "clients.preflight", "--config", str(running.site(JAIPUR)), where=JAIPUR)
    assert look.finish() == 2
    assert "The centre's certificate has expired" in " ".join(look.text.split())
    late.kill()

    before = {key: connections(running.joined[key]) for key in KEYS}
    renewing = running.start("renew", "server.credentials", "--out", str(folder), "--renew")
    assert renewing.finish() == 0
    running.serve()
    wait_for(lambda: all(connections(running.joined[key]) > before[key] for key in KEYS), "all to connect again")


def connections(process):
    """How often a hospital has connected."""
    return process.text.count("connected to the centre")


def test_nobody_was_shown_a_traceback_and_everything_ends_when_asked(running):
    for key, process in running.joined.items():
        assert "Traceback" not in process.text, key
        assert process.stop() == 0
    assert "Traceback" not in running.serving.text
    assert running.serving.stop() == 0
    running.wait_until_all_is_gone(120)
