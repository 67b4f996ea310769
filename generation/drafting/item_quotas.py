"""Request several items about a passage together: questions with their answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from generation.checks.gist import gist
from generation.drafting.quotas import Quota, note_of, repeats
from prompts.examples import Example
from prompts.written_items import COUNT, EXISTING, Unreadable, WrittenItem, read_items
from qareview.backends import Completion
from qareview.stored_sentences import stored
from qareview.translations import counted


@dataclass
class ItemQuota(Quota):
    """A number of different items to write about a passage.

    ``taken`` are gists of answers, ``asked`` those of questions; quotas may share them.
    ``existing`` are the passage's questions, which the model is told. ``drafts`` have an answer
    each, with its share of what its request took; ``written`` are the same items, with their
    questions.
    """

    asked: set[frozenset[str]] = field(default_factory=set)
    existing: list[str] = field(default_factory=list)
    written: list[WrittenItem] = field(default_factory=list)
    unread: str = ""  # why nothing could be read from the last reply
    has_no_more: bool = False  # the model wrote fewer than it was asked for

    @property
    def missing(self) -> int:
        return self.count - len(self.drafts)

    def next_numbers(self) -> range:
        """Return the number of the next request, in which all items that are missing are wanted."""
        if self.error or self.has_no_more or not self.missing:
            return range(0)
        self.values |= {COUNT: str(self.missing), EXISTING: "\n".join(self.existing)}
        self.next_number += 1
        return range(self.next_number - 1, self.next_number)

    def add(self, number: int, completion: Completion, examples: Sequence[Example]) -> bool:
        """Add the items in a reply, without those that repeat others or a worked example.

        Return whether anything could be read.
        """
        self.error = self.error or completion.error
        if self.error:
            return True
        try:
            items = read_items(completion)
        except Unreadable as reason:
            self.unread = str(reason)
            return False
        self.unread = ""
        wanted = self.missing
        new = [item for item in items if self._is_new(item, examples)][:wanted]
        self.has_no_more = len(new) == len(items) < wanted and not completion.cut_off
        self._keep(new, number, completion)
        return True

    def _is_new(self, item: WrittenItem, examples: Sequence[Example]) -> bool:
        answer, question = gist(item.answer), gist(item.question)
        is_new = answer not in self.taken and question not in self.asked
        if not (answer and question and is_new) or repeats(answer, examples):
            return False
        self.taken.add(answer)
        self.asked.add(question)
        return True

    def _keep(self, new: Sequence[WrittenItem], number: int, completion: Completion) -> None:
        shares = divided(completion, len(new))
        self.written += new
        self.existing += [item.question for item in new]
        self.drafts += [
            (number, replace(share, text=item.answer, cut_off=False))
            for item, share in zip(new, shares, strict=True)
        ]

    def close(self) -> str:
        """End with an error if nothing was read; return why there are fewer items than wanted."""
        if self.unread and not self.drafts:
            self.error = self.unread
        no_more = stored("The model found no more in the passage.") if self.has_no_more else ""
        reason = self.unread or no_more
        if self.error or not self.missing or not reason:
            return note_of(self, "item")
        return stored(
            "%(found)s of %(wished)s drafted. %(reason)s",
            found=len(self.drafts),
            wished=counted(self.count, "item"),
            reason=reason,
        )


def divided(completion: Completion, count: int) -> list[Completion]:
    """Return ``count`` completions that took together what one took."""
    return [
        replace(
            completion,
            tokens_in=_share(completion.tokens_in, index, count),
            tokens_out=_share(completion.tokens_out, index, count),
            milliseconds=_share(completion.milliseconds, index, count),
        )
        for index in range(count)
    ]


def _share(whole: int, index: int, count: int) -> int:
    return whole * (index + 1) // count - whole * index // count
