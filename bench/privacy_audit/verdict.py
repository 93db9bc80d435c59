"""What an audit says, in words: the claim and what was shown, side by side."""

from common.artifacts.privacy.audit import Canaries


def verdict(claimed: float | None, found: Canaries) -> str:
    """Return one sentence or two; REFUTED is in them where the bound is above the claim."""
    shown = found.epsilon_lower_bound or 0.0
    surely = f"shown by this attack: at least {shown:.1f}, at {100 * (found.confidence or 0):.0f} % confidence."
    if claimed is None:
        return f"claimed: nothing, as the run has no differential privacy; {surely}"
    if shown > claimed:
        return (
            f"REFUTED: claimed: at most {claimed:.1f}; {surely} The training gives away more than it says: do not use "
            "it before the reason is found."
        )
    return f"claimed: at most {claimed:.1f}; {surely} The claim is not refuted."


def meaning(found: Canaries) -> str:
    """Say what the figures of the canaries mean."""
    guesses, right = found.guesses or 0, found.right or 0
    return (
        f"Of {found.canaries:,} canaries, each of which trained or did not by the toss of a coin, {guesses:,} were "
        f"guessed; {right:,} guesses were right, of {guesses // 2:,} by chance alone. If epsilon were lower than the "
        f"bound, so many would be right in at most one of twenty audits. With {found.canaries:,} canaries no audit "
        f"shows more than {found.epsilon_most:.1f}, whatever is given away."
    )
