"""How a hospital says that it trains no further, since its patients' privacy is spent or not accounted for."""

from common.errors import InputError

BUDGET_SPENT = "DP010"
"""The code by which the centre knows that a hospital has stopped, and has not failed."""


class PrivacyRefusal(InputError):
    """A hospital does not train.

    Its sentence holds what the plan says and what is told of a hospital anyway, so it travels to the centre.
    """
