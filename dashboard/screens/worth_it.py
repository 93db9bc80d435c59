"""Worth it: a board's three questions, answered from a study, with what the answers rest on."""

from __future__ import annotations

from common.study.answers import answers
from common.study.records import LOCAL, POOLED
from dashboard.components import parts
from dashboard.data import cached
from dashboard.screens import worth_parts

parts.header("Was joining worth it?")
study, of = worth_parts.choose()
if study.state == "running":
    worth_parts.follow(study.study_id, cached.study_stamp(study.study_id))
worth_parts.status(study)

if study.cells:
    colours = parts.colours()
    own, pooled, sure = answers(study)
    worth_parts.answer(own)
    worth_parts.strategies(study, of, colours)
    worth_parts.against(study, LOCAL, of, colours)
    worth_parts.answer(pooled)
    worth_parts.against(study, POOLED, of, colours)
    worth_parts.answer(sure)
    worth_parts.further(study, of, colours)
