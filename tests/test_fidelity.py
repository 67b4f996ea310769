"""No format loses more of a document than it did: floors for what comes out of each.

``make bench-fidelity`` shows the same figures. A reader that does better raises its floors:
``python -m tests.bench.fidelity --floors`` prints the table below.
"""

import math

import pytest

from tests.fidelity import figures

# In per cent, in the order of figures.KEPT: at least as much is right; "-" where a format has no
# such thing, or nothing of it is there yet. The last number is the share of the text that nobody
# wrote, such as menus, running heads and what is there twice: at most as much.
FLOORS = """
html             100 100 100 100 100 100 100 100 100 100  71 100 100 100 100 100 100   - 100 0.4
docx             100 100 100 100 100 100 100 100 100 100   - 100 100 100 100   - 100   - 100 0.3
docx_office      100 100 100 100 100 100 100 100 100 100   - 100  93 100 100   -   0   - 100 0.1
odt              100 100 100 100 100 100 100 100 100 100   - 100 100 100  81   - 100   - 100 0.0
odt_office       100 100 100 100 100 100 100 100 100 100   - 100  93 100  81   -   0   - 100 0.1
epub             100 100 100 100 100 100 100 100 100 100  85 100  93 100 100 100  20   - 100 0.1
rst              100 100 100 100 100 100 100 100  99 100  85 100 100 100 100 100 100   - 100 0.3
rtf              100 100 100 100 100 100 100 100  99 100   - 100  93 100   0   -  20   - 100 0.1
rtf_office       100 100 100 100 100 100 100 100 100 100   - 100 100 100  60   -   -   - 100 0.0
ipynb            100 100 100 100 100 100 100 100 100 100 100 100   - 100 100   - 100   -  99 0.0
pptx             100  98 100 100 100 100 100 100 100 100   - 100   0 100   0   - 100   - 100 0.1
pdf_tagged        98  98  97 100 100  98 100 100 100  96   - 100  86 100  81   -  20 100  99 0.4
pdf_contents      98  98  97 100 100  98 100 100 100  96   - 100  86 100  81   -  20 100  99 0.4
pdf_untagged      98  97  98 100 100  98 100 100  99 100   - 100  86 100   0   -  20 100  99 0.4
pdf_two_columns   95  92  95 100 100 100 100 100  97  82   - 100  93 100   0   -  20 100  99 0.9
pdf_two_tagged    98  96  98 100 100  98 100 100  98  78   - 100  93 100  81   -  20 100  99 0.9
pdf_print         96  94  96 100  93 100  88 100 100 100   -  93  73  83   0   -  20 100  99 0.6
pdf_office       100  97 100 100 100 100  82 100  93  97   - 100  86 100   0   -   0 100  99 0.6
"""


@pytest.mark.parametrize("floors", FLOORS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_a_format_keeps_what_it_kept(floors: str) -> None:
    variant, *least, most = floors.split()
    total = figures.figures_of(variant)
    lost = {
        name: f"{total.per_cent(name)} % instead of {share} %"
        for name, share in zip(figures.KEPT, least, strict=True)
        if share != "-" and math.floor(total.per_cent(name) or 0) < int(share)
    }
    assert not lost
    false, of = total["false_text"]
    assert math.ceil(1000 * false / of) / 10 <= float(most)


def test_every_format_has_floors() -> None:
    assert [line.split()[0] for line in FLOORS.strip().splitlines()] == [*figures.VARIANTS]
