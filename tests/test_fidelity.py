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
html             100 100 100 100 100 100 100 100 100 100   0 100 100 100 100 100 100   - 100 0.5
docx             100 100 100 100 100 100 100 100 100 100   - 100 100 100 100   - 100   - 100 0.3
docx_office      100 100 100 100 100 100 100 100 100 100   - 100  93 100 100   -   0   - 100 0.1
odt              100 100 100 100 100 100 100 100 100 100   - 100 100 100  81   - 100   - 100 0.0
odt_office       100 100 100 100 100 100 100 100 100 100   - 100  93 100  81   -   0   - 100 0.1
epub             100 100 100 100 100 100 100 100 100 100  85 100  93 100 100 100  20   - 100 0.1
rst              100 100 100 100 100 100 100 100  99 100  85 100 100 100 100 100 100   - 100 0.3
rtf              100 100 100 100 100 100 100 100  99 100   - 100  93 100   0   -  20   - 100 0.1
rtf_office       100 100 100 100 100 100 100 100 100 100   - 100 100 100  60   -   -   - 100 0.0
ipynb            100 100 100 100 100 100 100 100 100 100 100 100   - 100 100   - 100   -  99 0.0
pptx             100  98 100 100 100 100 100 100 100 100   - 100   0 100   0   - 100   - 100 0.3
pdf_tagged        97  93  96 100 100 100  82  89  94  96   - 100   0 100  81   -   0  99  99 2.3
pdf_contents      97  93  96 100  95 100  82  89  95  96   - 100   0 100  81   -   0  99  99 2.4
pdf_untagged      94  89  89 100  96  98  88 100  83  90   - 100   0 100   0   -  20 100  99 1.9
pdf_two_columns   92  78  92 100 100 100 100 100  45  72   -  93   0 100   0   -  20 100  98 6.5
pdf_two_tagged    97  86  97 100 100 100  82  89  83  78   - 100   0 100  81   -   0  99  99 4.1
pdf_print         92  90  84 100  93  51  88 100  92  83   - 100   0  83   0   -  20 100  98 3.1
pdf_office        96  93  96 100  98  72  76 100  89  88   - 100   0 100   0   -   0 100  99 2.5
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
