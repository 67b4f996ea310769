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
html              91  92  76 100  31  30  58  46  72  73   0  11   0   0   0   0  73   -  83 1.5
docx             100  94 100 100 100  61 100 100  97   0   - 100  93 100   0   -   0   -  99 2.3
docx_office      100  93 100 100 100  61 100 100  97   0   - 100  86 100   0   -   0   -  99 0.9
odt               98  97  98 100 100 100 100 100  96   0   -  73  86 100   0   -   0   -  98 0.8
odt_office        98  97  98 100 100 100 100 100  96   0   -   6  86 100   0   -   0   -  94 2.1
epub              98  95  98 100 100 100 100 100 100  18   0 100   0 100 100   0  20   - 100 4.4
rst               60  58  58 100  64  34  76  21  41  71  71  73   0   0   0 100   0   -  64 0.9
rtf               61  59   0 100   0   0  88  78   0   0   -  53   0  83   0   -  20   -  80 78.4
rtf_office        68  60   0 100   0   0 100 100   0   0   - 100   0 100   0   -   -   -  88 95.3
ipynb             14   9   0 100   0   0 100  31   0   0   0  26   0 100   0   -  20   -  99 45.5
pptx              98  95  98 100  54  56 100 100 100   0   -  93   0 100   0   -   0   -  96 1.1
pdf_tagged        80  78  70 100  96   0 100  89   0   0   -  73   0  50   0   -   0  16  98 7.5
pdf_contents      80  78  70 100  80   0 100  89   0   0   -  73   0  50   0   -   0  15  98 15.5
pdf_untagged      75  72  60 100  87   9  76  78   0  41   -  93   0  33   0   -  20  96  99 7.6
pdf_two_columns   37  34   2 100  14  13  82  57   0   6   -  73   0  66   0   -  20  95  98 11.2
pdf_two_tagged    82  78  70 100  96   0 100  89   0   0   -  73   0 100   0   -   0  43  98 7.2
pdf_print          6   3   3   -   1   0  64  36   0  21   -  13   0  16   0   -  20  76  79 8.3
pdf_office        91  87  46 100  64   0  64 100   0  23   - 100   0 100   0   -   0  96  99 8.2
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
