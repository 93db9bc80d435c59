import json

import pytest

from common.protocol.messages import Description
from tests.support.descriptions import description


def test_it_survives_the_journey_as_one_line():
    said = description("a")
    text = said.to_json()
    assert "\n" not in text
    assert Description.from_json(text) == said


def test_what_follows_from_it():
    said = description("a", train=6, val=3)
    assert said.train_samples == 6
    assert not said.synthetic
    assert description("a", numbers={"synthetic": True}).synthetic


def test_a_word_too_many_is_no_description():
    content = json.loads(description().to_json())
    with pytest.raises(TypeError):
        Description.from_json(json.dumps(content | {"files": ["a.png"]}))
