"""How a hospital says no to what the centre asks."""

from common.errors import InputError


class PolicyRefusal(InputError):
    """The hospital does not do what the centre asks.

    Its sentence holds nothing but what the centre sent and what the policy allows, so it travels to the centre.
    """
