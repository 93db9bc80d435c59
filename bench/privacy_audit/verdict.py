"""What an audit found, on the terminal: each attack in a row, the claim and what was shown side by side, in words."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from common.artifacts.privacy.audit import Canaries, PrivacyAudit
from common.artifacts.privacy.audit_words import is_refuted, rows
from common.artifacts.privacy.words import promised, proven


def show(found: PrivacyAudit, console: Console) -> None:
    """Print all that was found."""
    table = Table(box=SIMPLE_HEAD)
    for heading in ("attack", "found", "by chance", "rests on"):
        table.add_column(heading, overflow="fold")
    for row in rows(found):
        table.add_row(*row)
    console.print(table)
    if found.canaries:
        console.print(verdict(found), soft_wrap=True)
        console.print(meaning(found.canaries), soft_wrap=True)


def verdict(audit: PrivacyAudit) -> str:
    """Return the claim and the bound in one sentence; it begins with REFUTED where the bound is above the claim."""
    found, claimed = audit.canaries or Canaries(), audit.claimed_epsilon
    surely = (
        f"at least {proven(found.epsilon_lower_bound or 0.0)}, at {100 * (found.confidence or 0.0):g} % confidence."
    )
    if claimed is None:
        return f"claimed: nothing, as the run has no differential privacy; shown by this attack: {surely}"
    both = f"claimed: at most {promised(claimed)}; shown by this attack: {surely}"
    if is_refuted(audit, claimed):
        return f"REFUTED: {both} Training gives away more than it says; do not rely on it until the reason is found."
    return f"{both} The claim is not refuted."


def meaning(found: Canaries) -> str:
    """Say what the figures of the canaries mean."""
    guesses, right = found.guesses or 0, found.right or 0
    return (
        f"Of {found.canaries:,} canaries, each of which trained or did not by the toss of a coin, {guesses:,} were "
        f"guessed; {right:,} guesses were right, of {guesses // 2:,} by chance alone. If epsilon were lower than the "
        f"bound, so many would be right in at most one of twenty audits. With {found.canaries:,} canaries no audit "
        f"shows more than {proven(found.epsilon_most or 0.0)}, whatever is given away."
    )
