"""One long run over a network that is torn at: every fault is named, every hospital comes back, nothing is lost."""

import signal
import time

import psutil
import pytest

from tests.deployment.harness import KEYS, NAMES, wait_for

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


def client_app(process):
    """The process that answers a message now, or None."""
    for each in process.family():
        try:
            parent = each.parent()
            if parent and "forkserver" in " ".join(parent.cmdline()) and "forkserver" in " ".join(each.cmdline()):
                return each
        except psutil.Error:
            continue
    return None


@pytest.fixture(scope="module")
def running(networked):
    """A run that would go on for long."""
    made = networked
    made.serve()
    made.joined = {key: made.join(key) for key in KEYS}
    made.running = made.run(*made.overrides(200), "strategy.wait_seconds=600")
    wait_for(lambda: made.rounds_done() >= 1, "the first round", made.running)
    return made


def test_a_killed_client_app_costs_nothing(running):
    """The hospital connects anew by itself, and is asked again."""
    done = running.rounds_done()
    wait_for(lambda: client_app(running.joined[KOLKATA]), "a message at work", running.running)
    client_app(running.joined[KOLKATA]).kill()
    running.joined[KOLKATA].until("was killed by signal 9")
    until_back(running, KOLKATA, done + 1)
    assert not failures(running, KOLKATA, done)


def test_a_killed_machine_is_named_and_rejoins(running):
    done = running.rounds_done()
    running.joined[KOLKATA].kill()
    reason = until_named(running, KOLKATA, done)
    assert "node" in reason.lower() or "connected" in reason
    running.joined[KOLKATA] = running.join(KOLKATA)
    until_back(running, KOLKATA, len(running.history()))


def test_a_link_that_is_gone_for_half_a_minute_costs_nothing(running):
    if not running.network:
        pytest.skip("network namespaces are not allowed here")
    done = running.rounds_done()
    running.network.cut(HYDERABAD)
    time.sleep(30)
    running.network.mend(HYDERABAD)
    until_back(running, HYDERABAD, done)
    assert not failures(running, HYDERABAD, done)


def test_a_link_that_stays_away_is_named_and_the_hospital_rejoins(running):
    if not running.network:
        pytest.skip("network namespaces are not allowed here")
    done = running.rounds_done()
    running.network.cut(HYDERABAD)
    until_named(running, HYDERABAD, done)
    running.network.mend(HYDERABAD)
    until_back(running, HYDERABAD, len(running.history()))


def test_a_stopped_node_is_named_and_below_the_quorum_the_run_waits(running):
    done = running.rounds_done()
    stopped = [process for process in running.joined[HYDERABAD].family() if process.pid]
    for process in stopped:
        process.suspend()
    until_named(running, HYDERABAD, done)
    running.joined[KOLKATA].kill()
    running.running.until(f"waiting up to 600 s for: {NAMES[HYDERABAD]}, {NAMES[KOLKATA]}")
    for process in stopped:
        process.resume()
    until_back(running, HYDERABAD, len(running.history()))


def test_ctrl_c_ends_the_run_and_says_how_to_go_on(running):
    running.running.popen.send_signal(signal.SIGINT)
    assert running.running.finish() == 130
    wait_for(lambda: running.read("status")["state"] == "interrupted", "the run to be marked")
    assert "server.run resume=run-001" in running.read("status")["resume_command"]
    assert "Traceback" not in running.running.text
    assert set(running.read("status")["missing_hospitals"]) == {NAMES[HYDERABAD], NAMES[KOLKATA]}
