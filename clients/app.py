"""The Flower ClientApp: takes messages apart, lets `clients.handlers` answer, and puts the answers into messages."""

import logging
from collections.abc import Callable
from pathlib import Path

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MessageType, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.common.constant import SType

from clients import handlers, secure
from clients.kept_model import received
from clients.policy.gate import Asked, admit
from clients.policy.refusal import PolicyRefusal
from clients.run_proof import RunProof
from clients.site import SITE_FILE, Site, read_site
from clients.sums import familiarity, statistics
from common.errors import InputError, ProjectError, RunError
from common.model.weights import AnyArray
from common.privacy.refusal import PrivacyRefusal
from common.protocol import names
from common.protocol.arrays import ROOM_FOR_NAMES, largest_model
from common.protocol.cases import cases_record
from common.protocol.codec import as_npy, from_npy
from common.protocol.messages import (
    Record,
    Records,
    Task,
    evaluation_record,
    read_plan,
    read_task,
    refusal_record,
    spent_record,
    training_record,
    who_record,
)
from common.protocol.pairs import pairs_record
from common.protocol.plan import Plan
from common.protocol.sums.familiarity import distances_record, sums_record
from common.protocol.sums.statistics import moments_record
from common.secagg.refusal import SecureRefusal
from common.secagg.session import to_text
from common.text import shown

Handler = Callable[[Site, int, Records], Records]  # the hospital, Flower's number of the run, the message


log = logging.getLogger("clients")


def make_client_app(find_site: Callable[[Context], Site]) -> ClientApp:
    """Build the app.

    Parameters
    ----------
    find_site : callable
        Says which hospital answers: in a simulation Flower's ``partition-id`` picks one of several, on a machine of its
        own the hospital's settings file says so.
    """
    app = ClientApp()

    def answering(handler: Handler) -> Callable[[Message, Context], Message]:
        def handle(message: Message, context: Context) -> Message:
            answer = _answer(handler, _found(find_site, context), context.run_id, message.content)
            content = RecordDict({name: _encoded(name, record) for name, record in answer.items()})
            return Message(content, reply_to=message)

        return handle

    app.query()(answering(_describe))
    app.query(names.FINGERPRINTS)(answering(_fingerprints))
    app.query(names.SECAGG)(answering(_secure))
    app.train()(answering(_train))
    app.evaluate()(answering(_evaluate))
    app.evaluate(names.FINE_TUNED)(answering(_fine_tuned))
    app.evaluate(names.FAMILIARITY)(answering(_familiarity))
    app.evaluate(names.STATISTICS)(answering(_statistics))
    return app


def _found(find_site: Callable[[Context], Site], context: Context) -> Site:
    """Find out which hospital answers; Flower sends the centre whatever is raised here, so it names no folder."""
    try:
        return find_site(context)
    except ProjectError as error:
        log.error("%s", error)
        raise RuntimeError(f"{error.code}: the hospital's settings cannot be read; see its own log") from None


def _answer(handler: Handler, site: Site, run: int, content: RecordDict) -> Records:
    """Answer, or refuse with a code; an exception's own text may name a folder and stays here."""
    elsewhere = f"see {site.hospital.name}'s own log"
    try:
        return handler(site, run, {str(name): _decoded(str(name), record) for name, record in content.items()})
    except ProjectError as error:
        if not site.explains:  # the centre hears the code only
            log.error("%s", error)
        told = site.explains or isinstance(error, PolicyRefusal | SecureRefusal | PrivacyRefusal)
        refusal = refusal_record(error, error.sentence if told else elsewhere)
    except Exception as error:
        log.exception("%s could not answer: %s", site.hospital.name, error)
        sentence = f"{type(error).__name__}: {error if site.explains else elsewhere}"
        refusal = refusal_record(RunError("CLIENT001", sentence), sentence)
    return {names.WHO: who_record(site.hospital.key), names.REFUSAL: refusal}


def _describe(site: Site, run: int, records: Records) -> Records:
    plan = read_plan(records)
    admit(site, Asked(MessageType.QUERY, run, plan))
    description = handlers.describe(site, plan).to_json()
    return {names.WHO: who_record(site.hospital.key), names.DESCRIPTION: {names.JSON: description}}


def _fingerprints(site: Site, run: int, records: Records) -> Records:
    plan = read_plan(records)
    admit(site, Asked(MessageType.QUERY, run, plan))
    said = handlers.fingerprints(site, plan)
    return {names.WHO: _who(site, plan), names.FINGERPRINTS: {names.JSON: said.to_json() if said else ""}}


def _secure(site: Site, run: int, records: Records) -> Records:
    plan, question = read_plan(records), secure.read_question(records)
    admit(site, Asked(MessageType.QUERY, run, plan, question.session.token))
    said = secure.answer(site, plan, question)
    return {names.WHO: who_record(site.hospital.key), names.SECAGG: {names.JSON: to_text(said)}}


def _train(site: Site, run: int, records: Records) -> Records:
    task = _admitted(site, run, records, MessageType.TRAIN)
    secure.check_task(site, task)
    proof = RunProof(site, task)
    proof.note_head()
    trained, result = handlers.train(site, task)
    update = handlers.outgoing(site, task, trained, result.samples)
    answer = {names.ARRAYS: update, names.METRICS: training_record(result), names.WHO: _who(site, task.plan)}
    if spent := spent_record(result):
        answer[names.SPENT] = spent
    signature = proof.note_update(update, result.samples)
    return answer | ({names.SIGNATURE: {names.SIGNATURE: signature}} if signature else {})


def _evaluate(site: Site, run: int, records: Records) -> Records:
    task = _admitted(site, run, records, MessageType.EVALUATE)
    RunProof(site, task).note_head()
    result = handlers.evaluate(site, task)
    answer = {names.METRICS: evaluation_record(result), names.WHO: _who(site, task.plan)}
    if result.cases:
        answer[names.CASES] = cases_record(result.cases)
        if result.cases.paired:
            answer[names.PAIRED] = pairs_record(result.cases.paired)
    return answer


def _fine_tuned(site: Site, run: int, records: Records) -> Records:
    task = read_task(records, evaluates=True)
    admit(site, Asked(MessageType.TRAIN, run, task.plan, task.extra.local.token, task.threads))
    result = handlers.fine_tuned(site, received(site, task))
    return {names.METRICS: evaluation_record(result), names.WHO: _who(site, task.plan)}


def _familiarity(site: Site, run: int, records: Records) -> Records:
    """Answer with sums; with held-out slices by distance, where the server says how that is measured."""
    task = _admitted(site, run, records, MessageType.EVALUATE)
    if task.likeness:
        said = distances_record(familiarity.distance_counts(site, task))
    else:
        said = sums_record(familiarity.feature_sums(site, task))
    return {names.FAMILIARITY: said, names.WHO: _who(site, task.plan)}


def _statistics(site: Site, run: int, records: Records) -> Records:
    task = _admitted(site, run, records, MessageType.EVALUATE)
    return {names.STATISTICS: moments_record(statistics.moments(site, task)), names.WHO: _who(site, task.plan)}


def _admitted(site: Site, run: int, records: Records, kind: str) -> Task:
    task = read_task(records, evaluates=kind == MessageType.EVALUATE)
    admit(site, Asked(kind, run, task.plan, task.extra.local.token, task.threads))
    return received(site, task)


def _who(site: Site, plan: Plan) -> Record:
    return who_record(site.hospital.key, handlers.files_sha256(site, plan))


def _encoded(name: str, record: Record) -> ArrayRecord | MetricRecord | ConfigRecord:
    if name == names.ARRAYS:
        return ArrayRecord({key: _array(value) for key, value in record.items()})
    return MetricRecord(dict(record)) if name == names.METRICS else ConfigRecord(dict(record))


def _decoded(name: str, record: ArrayRecord | MetricRecord | ConfigRecord) -> Record:
    if isinstance(record, ArrayRecord):
        if sum(len(array.data) for array in record.values()) > 2 * largest_model() + ROOM_FOR_NAMES:
            raise InputError("PLAN006", f"The arrays {shown(name)} that the server sent are larger than any model.")
        return {name: from_npy(array.data) for name, array in record.items()}
    return dict(record)


def _array(value: AnyArray) -> Array:
    return Array(str(value.dtype), value.shape, SType.NUMPY, as_npy(value))


def _site_of_this_machine(context: Context) -> Site:
    """Read the hospital's own settings file; `clients.join` names it to the SuperNode."""
    return read_site(Path(str(context.node_config[SITE_FILE]))).site()


app = make_client_app(_site_of_this_machine)
