"""The prompts that the embedded writer was trained with: :mod:`generation.writer`.

All begin with the passage, so that those about the same passage share its keys and values. With
other wordings, this small model writes worse.
"""

SYSTEM = "You write answers and questions for a passage."

_PASSAGE = (
    "{% if headings %}From: {{ headings }}\n\n{% endif %}"  # they name what the passage is about
    "Passage: {{ passage }}\n\n"
)
STATE = _PASSAGE + "State this as one clear sentence: {{ focus }}"
ASK = _PASSAGE + "Answer: {{ answer }}\n\nWrite its question."
ANSWER = _PASSAGE + "Question: {{ question }}\n\nAnswer it in one clear sentence."
