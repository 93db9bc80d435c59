from __future__ import annotations

from common.artifacts.privacy import audit_words
from common.artifacts.privacy.audit import Canaries, Inversion, Membership, PrivacyAudit
from tests.support.run_files import attacked


def test_a_bound_below_the_claim_refutes_nothing_and_one_above_does() -> None:
    assert not audit_words.is_refuted(attacked(bound=7.9), 7.9)
    assert audit_words.is_refuted(attacked(bound=7.91), 7.9)
    assert not audit_words.is_refuted(attacked(bound=7.91), None)
    assert not audit_words.is_refuted(None, 7.9)


def test_both_stand_side_by_side_in_one_sentence() -> None:
    assert audit_words.beside(attacked(bound=1.429), 7.9) == (
        "Canaries prove that epsilon is at least 1.42 with 95 % confidence; the run claims at most 7.9. "
        "Both can be true."
    )
    assert "the claim is wrong" in (audit_words.beside(attacked(bound=9.0), 7.9) or "")
    assert (audit_words.beside(attacked(), None) or "").endswith("; nothing bounds it from above.")
    assert audit_words.beside(PrivacyAudit(membership=Membership(auroc=0.7)), 7.9) is None


def test_only_attacks_that_were_run_have_a_row() -> None:
    assert audit_words.rows(PrivacyAudit()) == []
    assert [row[0] for row in audit_words.rows(attacked())] == [
        "Canaries",
        "Membership",
        "Inversion of one update, 1 slice",
        "Inversion of one update, 8 slices",
    ]


def test_what_an_attack_did_not_record_is_left_out_of_its_row() -> None:
    bare = PrivacyAudit(canaries=Canaries(), membership=Membership(auroc=0.5), inversion=(Inversion(batch=1),))
    assert audit_words.rows(bare) == [
        ("Canaries", "–", "–", "–"),
        ("Membership", "AUROC 0.500", "AUROC 0.5, 1.0 %", "–"),
        ("Inversion of one update, 1 slice", "–", "–", "–"),
    ]


def test_so_few_canaries_that_they_could_refute_nothing_are_said_to_be() -> None:
    few = PrivacyAudit(canaries=Canaries(200, 100, 55, 0.2, 0.95, "loss", 3.69))
    assert (audit_words.beside(few, 8.0) or "").endswith(
        "Both can be true: so many canaries can prove 3.69 at most, and refute no such claim."
    )
    assert (audit_words.beside(few, 3.0) or "").endswith("Both can be true.")


def test_each_figure_stands_beside_what_chance_or_no_update_would_give() -> None:
    canaries, membership, one, _ = audit_words.rows(attacked())
    assert canaries[1:3] == ("epsilon at least 1.42, 44 of 60 guesses right", "30 guesses right")
    assert "by patient AUROC 0.550 (0.400–0.700)" in membership[1]
    assert one[1:3] == ("PSNR 9.8 dB, SSIM 0.07", "PSNR 9.5 dB, SSIM 0.06")
