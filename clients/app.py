"""The Flower ClientApp: takes messages apart, lets `clients.handlers` answer, and puts the answers into messages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.clientapp.typing import Mod

from clients import handlers
from clients.local_state import Own
from clients.packing import packing_mod
from clients.pooled import train_pooled
from clients.site import SITE_FILE, Site, read_site
from common.errors import ProjectError
from common.protocol import names
from common.protocol.messages import to_numbers
from common.protocol.plan import Plan

Answer = Callable[[Site, Plan, ConfigRecord, RecordDict], RecordDict]

log = logging.getLogger("clients")


def make_client_app(find_site: Callable[[Context], Site], mods: Sequence[Mod] = ()) -> ClientApp:
    """Build the app.

    Parameters
    ----------
    find_site : callable
        Says which hospital answers: in a simulation Flower's ``partition-id`` picks one of several, on a machine of its
        own the hospital's settings file says so.
    mods : sequence of Mod
        Flower's, around every answer.
    """
    app = ClientApp(mods=list(mods))

    def answering(answer: Answer) -> Callable[[Message, Context], Message]:
        def handle(message: Message, context: Context) -> Message:
            return Message(_answer(answer, find_site(context), message.content), reply_to=message)

        return handle

    app.query()(answering(_describe))
    app.query(names.FINGERPRINTS)(answering(_fingerprints))
    app.train()(answering(_train))
    app.evaluate()(answering(_evaluate))
    return app


def _answer(answer: Answer, site: Site, content: RecordDict) -> RecordDict:
    """Answer, or refuse with a code; an exception's own text may name a folder and stays here."""
    config = content[names.CONFIG]
    try:
        plan = Plan.from_json(str(config[names.PLAN]))
        return answer(site, plan, config, content)
    except ProjectError as error:
        if not site.explains:  # the centre hears the code only
            log.error("%s", error)
        sentence = error.sentence if site.explains else f"see {site.hospital.name}'s own log"
        refusal = {"code": error.code, "sentence": sentence, "exit-code": error.exit_code}
    except Exception as error:
        log.exception("%s could not answer: %s", site.hospital.name, error)
        detail = str(error) if site.explains else f"see {site.hospital.name}'s own log"
        refusal = {"code": "CLIENT001", "sentence": f"{type(error).__name__}: {detail}", "exit-code": 1}
    return RecordDict({names.WHO: _who(site), names.REFUSAL: ConfigRecord(refusal)})


def _describe(site: Site, plan: Plan, config: ConfigRecord, content: RecordDict) -> RecordDict:
    description = handlers.describe(site, plan).to_json()
    return RecordDict({names.WHO: _who(site), names.DESCRIPTION: ConfigRecord({"json": description})})


def _fingerprints(site: Site, plan: Plan, config: ConfigRecord, content: RecordDict) -> RecordDict:
    said = handlers.fingerprints(site, plan)
    record = ConfigRecord({"json": said.to_json() if said else ""})
    return RecordDict({names.WHO: _who(site, handlers.files_sha256(site, plan)), names.FINGERPRINTS: record})


def _train(site: Site, plan: Plan, config: ConfigRecord, content: RecordDict) -> RecordDict:
    number, threads = int(config[names.ROUND]), int(config[names.THREADS])
    if names.POOL in config:
        arrays, result = train_pooled(site, plan, number, threads, _received(content), list(config[names.POOL]))
    else:
        everybody = _received(content, names.CONTROL) if names.CONTROL in content else {}
        arrays, result = handlers.train(site, plan, number, threads, _received(content), _own(config), everybody)
    metrics = {
        names.SAMPLES: result.samples,
        "steps": result.steps,
        "loss": result.loss,
        "accuracy": result.accuracy,
        "lr": result.lr,
        "seconds": result.seconds,
    }
    return RecordDict(
        {
            names.ARRAYS: ArrayRecord({name: Array(array) for name, array in arrays.items()}),
            names.METRICS: MetricRecord(metrics),
            names.WHO: _who(site, handlers.files_sha256(site, plan)),
        }
    )


def _evaluate(site: Site, plan: Plan, config: ConfigRecord, content: RecordDict) -> RecordDict:
    split, number, threads = str(config[names.SPLIT]), int(config[names.ROUND]), int(config[names.THREADS])
    temperature = float(config.get(names.TEMPERATURE, 1.0))
    result = handlers.evaluate(site, plan, split, number, threads, _received(content), _own(config), temperature)
    who = _who(site, handlers.files_sha256(site, plan))
    return RecordDict({names.METRICS: MetricRecord(to_numbers(result)), names.WHO: who})


def _received(content: RecordDict, record: str = names.ARRAYS) -> handlers.Received:
    return {name: array.numpy() for name, array in content[record].items()}


def _own(config: ConfigRecord) -> Own:
    return Own(str(config.get(names.RUN, "")), int(config.get(names.OWN, 0)), int(config.get(names.HOLD, 0)))


def _who(site: Site, files: str = "") -> ConfigRecord:
    return ConfigRecord({names.HOSPITAL: site.hospital.key, names.FILES: files})


def _site_of_this_machine(context: Context) -> Site:
    """Read the hospital's own settings file; `clients.join` names it to the SuperNode."""
    return read_site(Path(str(context.node_config[SITE_FILE]))).site()


app = make_client_app(_site_of_this_machine, [packing_mod])
