"""Stored messages that were reworded: what they were, and what they are now.

Rows keep the message they were stored with. When you reword one that is given to ``stored``, add a
line here, with the same values in both, so that old rows are shown in the present words and
language. ``tests/test_stored.py`` fails until you do.
"""

FORMER_MESSAGES: dict[str, str] = {}
