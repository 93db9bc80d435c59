"""How a party of secure aggregation says no."""

from common.errors import InputError


class SecureRefusal(InputError):
    """A hospital does not do a step: what it was told is not what honest parties would say.

    Its sentence holds names of hospitals, rounds and attempts only, so it travels to the centre.
    """
