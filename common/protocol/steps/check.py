"""The server refuses an update that is no model, and one that training cannot have made (`common.protocol.bounds`)."""

from common.model.weights import Arrays, check_update
from common.protocol.bounds import training_problem
from common.protocol.postprocess import Step, UnusableAnswer, UpdateContext
from common.protocol.wire.coarse import lost_share


class Check(Step):
    """First in the chain, so the last thing that the server does to an update."""

    name = "check"
    position = 0

    def at_server(self, update: Arrays, context: UpdateContext) -> Arrays:
        """Let pass what can be a trained model."""
        if problem := check_update(context.reference, update) or size_problem(update, context):
            raise UnusableAnswer(problem)
        return update


def size_problem(update: Arrays, context: UpdateContext) -> str | None:
    """Say what training cannot have made; the schedule of the rates is at most their highest."""
    train, lost = context.plan.train, lost_share(context.plan.wire.name)
    return training_problem(context.reference, update, train, context.rates or [train.lr] * context.steps, lost)
