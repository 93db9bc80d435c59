"""What attacks on a run found, in sentences, and whether that refutes what the run claims."""

from common.artifacts.privacy.audit import Canaries, Inversion, Membership, PrivacyAudit
from common.artifacts.privacy.words import promised, proven
from common.artifacts.schema import Interval
from common.text import counted

HEAD = ("Attack", "What it found", "By chance, or blind", "What it rests on")
HOW = (
    "Canaries are odd patients that a program draws; the run's recipe is trained once more with half of them, by lot. "
    "That an attack fails proves nothing: a better one may not."
)
NONE = "No attack on this run is recorded; python -m bench.privacy_audit makes one."


def lower_bound(audit: PrivacyAudit | None) -> float | None:
    """Return the epsilon that the audit proves at least; None where it was not looked for."""
    return audit.canaries.epsilon_lower_bound if audit and audit.canaries else None


def is_refuted(audit: PrivacyAudit | None, claimed: float | None) -> bool:
    """Whether the audit's lower bound is above what the run claims."""
    found = lower_bound(audit)
    return found is not None and claimed is not None and found > claimed


def beside(audit: PrivacyAudit | None, claimed: float | None) -> str | None:
    """Say how an audit's lower bound stands to the claim; None where no canaries were planted."""
    found = lower_bound(audit)
    if audit is None or audit.canaries is None or found is None:
        return None
    sure = f" with {100 * audit.canaries.confidence:g} % confidence" if audit.canaries.confidence is not None else ""
    proof = f"Canaries prove that epsilon is at least {proven(found)}{sure}"
    if claimed is None:
        return f"{proof}; nothing bounds it from above."
    if found > claimed:
        return f"{proof}, above the {promised(claimed)} that the run claims: the claim is wrong."
    return f"{proof}; the run claims at most {promised(claimed)}. {_room(audit.canaries, claimed)}"


def _room(own: Canaries, claimed: float) -> str:
    """Say whether so many canaries could have refuted the claim at all."""
    if own.epsilon_most is None or own.epsilon_most > claimed:
        return "Both can be true."
    return f"Both can be true: so many canaries can prove {proven(own.epsilon_most)} at most, and refute no such claim."


def rows(audit: PrivacyAudit) -> list[tuple[str, str, str, str]]:
    """Return each attack that was run: its name, what it found, what chance or nothing would give, what it rests on."""
    found = [_canaries(audit.canaries)] if audit.canaries else []
    found += [_canaries(audit.outside)] if audit.outside else []
    found += [_membership(audit.membership)] if audit.membership else []
    return [*found, *map(_inversion, audit.inversion or ())]


def _canaries(own: Canaries) -> tuple[str, str, str, str]:
    bound = f"epsilon at least {proven(own.epsilon_lower_bound)}" if own.epsilon_lower_bound is not None else ""
    right = f"{own.right:,} of {own.guesses:,} guesses right" if None not in (own.right, own.guesses) else ""
    chance = f"{own.guesses // 2:,} guesses right" if own.guesses else ""
    said = [counted(own.canaries, "canary", "canaries") if own.canaries is not None else "", own.score or ""]
    return "Canaries", _joined([bound, right]), _joined([chance]), _joined(said)


def _membership(own: Membership) -> tuple[str, str, str, str]:
    found = [
        _area(own.auroc, own.auroc_interval),
        _area(own.auroc_patients, own.auroc_patients_interval, "by patient "),
    ]
    rate = f"{100 * own.tpr_at_fpr_1:.1f} % found at 1 % false alarms" if own.tpr_at_fpr_1 is not None else ""
    said = [own.method or "", counted(own.shadow_models, "shadow model") if own.shadow_models is not None else ""]
    held = [(own.slices, "slice"), (own.patients, "patient")]
    said += [counted(number, noun) for number, noun in held if number is not None]
    return "Membership", _joined([*found, rate]), "AUROC 0.5, 1.0 %", _joined(said)


def _area(value: float | None, ends: Interval | None, where: str = "") -> str:
    if value is None:
        return ""
    return f"{where}AUROC {value:.3f}" + (f" ({ends[0]:.3f}–{ends[1]:.3f})" if ends else "")


def _inversion(own: Inversion) -> tuple[str, str, str, str]:
    batch = f"Inversion of one update, {counted(own.batch, 'slice')}" if own.batch is not None else "Inversion"
    blind = _likeness(own.blind_psnr_db, own.blind_ssim)
    rests_on = counted(own.images, "picture") if own.images is not None else ""
    return batch, _likeness(own.psnr_db, own.ssim), blind, _joined([rests_on])


def _likeness(psnr: float | None, ssim: float | None) -> str:
    """Write how near pictures come to the slices."""
    return _joined([f"PSNR {psnr:.1f} dB" if psnr is not None else "", f"SSIM {ssim:.2f}" if ssim is not None else ""])


def _joined(texts: list[str]) -> str:
    return ", ".join(text for text in texts if text) or "–"
