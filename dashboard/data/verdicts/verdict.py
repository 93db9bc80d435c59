"""What a page begins with: one or two sentences that answer its question, and how much a reader may rely on it."""

from dataclasses import dataclass
from typing import Literal

from common.labels import CLASSES
from common.metrics.intervals import Interval
from dashboard.charts import theme
from dashboard.charts.formats import Share

Tone = Literal["fine", "caution", "refuse"]
WORDS: dict[Tone, str] = {"fine": "In order", "caution": "Caution", "refuse": "Do not use"}


@dataclass(frozen=True)
class Verdict:
    """A page's answer."""

    tone: Tone
    sentences: tuple[str, ...]
    """Plain text; names in it are as they are recorded."""
    word: str = ""
    """Instead of the tone's own; one or two words."""

    @property
    def shown_word(self) -> str:
        """What stands beside the icon."""
        return self.word or WORDS[self.tone]

    @property
    def text(self) -> str:
        """The whole verdict as a line, for documents."""
        return " ".join((f"{self.shown_word}.", *self.sentences))


def class_word(label: str) -> str:
    """Return a class's name within a sentence: "no tumour"."""
    return theme.class_title(label).lower() if label in CLASSES else label


def sentence(text: str) -> str:
    """Return a text with a capital at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def rounded(value: float) -> str:
    """Write a fraction in whole percent without its sign; never "100" or "0" for what is not quite that."""
    text = f"{value * 100:.0f}"
    return f"{value * 100:.1f}" if (text == "100" and value < 1) or (text == "0" and value > 0) else text


def between(ends: Interval) -> str:
    """Write an interval within a sentence: "43 to 74"."""
    return f"{rounded(ends[0])} to {rounded(ends[1])}"


def about(found: Share) -> str:
    """Write a share with its interval: "59 % (43 to 74)"."""
    if found.value is None:
        return "not recorded"
    return f"{rounded(found.value)} %" + (f" ({between(found.interval)})" if found.interval else "")


def apart(one: Interval | None, other: Interval | None) -> bool:
    """Whether two intervals do not even touch, so that chance is no likely reason for the difference."""
    return one is not None and other is not None and (one[1] < other[0] or other[1] < one[0])
