"""An HTML element becomes Markdown that says all it says, with its structure."""

import pytest

from generation.reading.readings import CannotRead
from generation.reading.web import html_trees
from generation.reading.web.markdown_writing import markdown_of


def markdown(body: str) -> str:
    page = html_trees.parse_page(f"<html><body>{body}</body></html>")
    return markdown_of(html_trees.body_of(page))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>a line\nthat\n   wraps</p>", "a line that wraps"),
        ("<p>five&nbsp;km &copy; R&amp;D</p>", "five km © R&D"),
        ("<p>a &lt; b and &lt;b&gt;bold&lt;/b&gt;</p>", "a < b and \\<b>bold\\</b>"),
        ("<p>&lt;<span>time</span>&gt;s</p>", "\\<time>s"),
        ("<p>one<br><br>two<br>three</p>", "one\n\ntwo  \nthree"),
        ("<p># no heading</p>", "\\# no heading"),
        ("<h2><b>Gates</b> <a href='#g'>¶</a></h2>", "## Gates"),
        ("<h2><a href='/gates'>Gates</a></h2>", "## Gates"),
        ("<div role=heading aria-level=3>Sill</div>", "### Sill"),
        ("<h3></h3><p>text</p>", "text"),
        (
            "<p>a <b>bold</b> word, <i>slanted</i>, no<b>t</b></p>",
            "a **bold** word, *slanted*, not",
        ),
        ("<p>10<sup>6</sup> m<sup>2</sup> H<sub>2</sub>O</p>", "10⁶ m² H₂O"),
        ("<p>the 1<sup>st</sup> x<sub>max</sub> a<sup>n+1</sup></p>", "the 1st x_max a^(n+1)"),
        ("<p>Quay<img src=a.png alt=icon></p>", "Quay"),
        ("<p><img src=a.png alt='A chart of tides'></p>", "A chart of tides"),
        ("<hr><p>text</p><hr>", "text"),
    ],
)
def test_a_line_of_text_is_as_a_browser_shows_it(html: str, expected: str) -> None:
    assert markdown(html) == expected


def test_targets_of_links_are_kept_only_where_they_are_all_that_an_item_says() -> None:
    html = (
        "<ul><li><a href='https://a.example/tides'>On tides</a></li>"
        "<li>see <a href='https://b.example'>there</a></li>"
        "<li><a href='https://c.example/'>c.example</a></li><li><a href='/d'>here</a></li></ul>"
    )
    assert markdown(html).splitlines() == [
        "- [On tides](https://a.example/tides)",
        "- see there",
        "- c.example",
        "- here",
    ]


def test_lists_keep_their_depth_and_numbers() -> None:
    html = (
        "<ol start=3><li>three<ul><li>a<ul><li>b</li></ul></li></ul></li><li><p>four</p></li></ol>"
        "<ul>led in<li>one</li><ul><li>in one</li></ul></ul>"
    )
    lines = [line for line in markdown(html).splitlines() if line]
    assert lines == ["3. three", "   - a", "     - b", "4. four", "led in", "- one", "  - in one"]


def test_definitions_follow_their_terms() -> None:
    html = "<dl><dt>Berth<dt>Place<dd>Where a ship lies.<dt><code>open()</code><dd><p>Opens.</dl>"
    assert markdown(html).split("\n\n") == [
        "**Berth**",
        "**Place**",
        "Where a ship lies.",
        "**`open()`**",
        "Opens.",
    ]


def test_a_table_keeps_its_cells_in_their_places() -> None:
    html = (
        "<table><caption>Fees</caption><tr><th>Cargo<th>Fee<tr><td rowspan=2>Oil|gas<td><ul><li>day"
        "<li>night</ul><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table></table>"
    )
    assert markdown(html).splitlines() == [
        "Fees",
        "",
        "| Cargo | Fee |",
        "| --- | --- |",
        "| Oil\\|gas | day; night |",
        "| Oil\\|gas | a, b; c, d |",
    ]


def test_a_cell_that_spans_rows_stands_in_each_of_them() -> None:
    html = (
        "<table><tr><th rowspan=2>Cargo<th colspan=2>Fee<tr><th>day<th>night"
        "<tr><td rowspan=3>Oil|gas<td>1<td rowspan=2>2<tr><td>3<tr><td>4<td>5"
        "<tr><td rowspan=2>Coal<td>6<td>7<tr><td><td></table>"
    )
    assert markdown(html).splitlines() == [
        "| Cargo | Fee |  |",
        "| --- | --- | --- |",
        "| Cargo | day | night |",
        "| Oil\\|gas | 1 | 2 |",
        "| Oil\\|gas | 3 | 2 |",
        "| Oil\\|gas | 4 | 5 |",
        "| Coal | 6 | 7 |",
    ]


def test_a_long_cell_that_claims_to_span_many_rows_is_written_once() -> None:
    long = "a" * 1_000
    text = markdown(f"<table><tr><td rowspan=1000>{long}<td>b{'<tr><td>c' * 999}</table>")
    assert text.count(long) == 1


def test_a_table_in_an_item_belongs_to_the_item() -> None:
    html = "<ul><li>fees<table><tr><th>a<th>b<tr><td>1<td>2</table></li></ul>"
    assert markdown(html) == "- fees\n\n  | a | b |\n  | --- | --- |\n  | 1 | 2 |"


def test_a_table_that_lays_out_the_page_is_no_table() -> None:
    html = "<table><tr><td><h1>Quay</h1><p>Open.</p></td><td><p>Shut.</p></td></tr></table>"
    assert markdown(html) == "# Quay\n\nOpen.\n\nShut."


@pytest.mark.parametrize(
    "html",
    [
        "<pre><code class=language-python>{}</code></pre>",
        "<div class='highlight-python notranslate'><div class=highlight><pre>{}</pre></div></div>",
        "<pre class='sourceCode python'><code class='sourceCode python'>{}</code></pre>",
        "<pre data-lang=python>{}</pre>",
        (
            "<table class=highlighttable><tr><td class=linenos><pre>1\n2</pre></td>"
            "<td><div class=highlight-python><pre>{}</pre></div></td></tr></table>"
        ),
    ],
)
def test_code_keeps_its_lines_and_its_language(html: str) -> None:
    code = "<span>def</span> f():\n\n    # one\n    return 1 &lt; 2"
    expected = "```python\ndef f():\n\n    # one\n    return 1 < 2\n```"
    assert markdown(html.format(code)) == expected


def test_code_in_a_line_may_have_backticks_and_line_ends() -> None:
    html = "<p>Use <code>a`b\n c</code>, <code>x</code><code>y</code> and <kbd>Ctrl</kbd>.</p>"
    assert markdown(html) == "Use ``a`b c``, `xy` and `Ctrl`."


@pytest.mark.parametrize(
    "html",
    [
        (
            "<p>Rust<a id=r href='#n' role=doc-noteref><sup>1</sup></a>.</p>"
            "<section class=footnotes><hr><ol><li id=n><p>It spreads. "
            "<a href='#r'>↩︎</a></p></li></ol></section>"
        ),
        (
            "<p>Rust<a class=footnote href='#n' id=r><sup>[1]</sup></a>.</p><div class=footnotes>"
            "<div id=n class=footnote><p><a href='#r'><sup>[1] </sup></a>It spreads.</p></div>"
            "</div>"
        ),
        (
            "<p>Rust<sup id=r><a href='#n'>[1]</a></sup>.</p><ol class=references><li id=n>"
            "<span><a href='#r'>^</a></span> It spreads.</li></ol>"
        ),
        (
            "<p>Rust<a id=r href='#n'><sup>1</sup></a>.</p><h5><a id=n href='#r'>(1)</a></h5>"
            "<p>It spreads.</p>"
        ),
        (
            "<p>Rust<a epub:type=noteref href='#n'>1</a>.</p><aside epub:type=footnote id=n>"
            "It spreads.</aside>"
        ),
    ],
    ids=["pandoc", "docbook", "wiki", "texinfo", "epub"],
)
def test_a_footnote_follows_the_paragraph_that_calls_it(html: str) -> None:
    text = markdown(f"{html}<p>The end.</p>")
    assert sorted(text.split("\n\n")[:2]) == ["Rust[^1].", "[^1]: It spreads."]
    assert text.split("\n\n")[2] == "The end."


def test_footnotes_keep_the_numbers_of_the_page() -> None:
    notes = "".join(f"<li id=n{n}>Note of {n}. <a href='#r{n}'>^</a></li>" for n in (5, 6))
    calls = "".join(f"<p>Text<a id=r{n} href='#n{n}'>[{n}]</a></p>" for n in (5, 6))
    assert markdown(f"{calls}<ol start=5>{notes}</ol>").split("\n\n") == [
        "Text[^5]",
        "[^5]: Note of 5.",
        "Text[^6]",
        "[^6]: Note of 6.",
    ]


@pytest.mark.parametrize(
    ("math", "tex"),
    [
        ("<math><mi>h</mi><mo>=</mo><mn>2</mn><mi>A</mi></math>", "$h=2A$"),
        ("<math alttext='x_1'><mi>x</mi></math>", "$x_1$"),
        (
            (
                "<math display=block><semantics><mi>x</mi><annotation encoding='application/x-tex'>"
                "\\frac{a}{b}</annotation></semantics></math>"
            ),
            "$$\\frac{a}{b}$$",
        ),
        (
            "<math><mfrac><mi>α</mi><msqrt><mi>y</mi></msqrt></mfrac><mo>≤</mo><mi>z</mi></math>",
            "$\\frac{\\alpha}{\\sqrt{y}}\\leq z$",
        ),
        (
            (
                "<math><munderover><mo>∑</mo><mi>i</mi><mi>n</mi></munderover><msub><mi>x</mi><mi>ij"
                "</mi></msub></math>"
            ),
            "$\\sum_i^nx_{\\mathrm{ij}}$",
        ),
        ("<span>\\(a_1 &lt; b*c*d\\)</span>", "$a_1 < b*c*d$"),
        ("<script type='math/tex'>\\alpha</script>", "$\\alpha$"),
        (
            (
                "<span class=katex><math><annotation encoding='application/x-tex'>x^2</annotation>"
                "</math><span class=katex-html aria-hidden=true>x2</span></span>"
            ),
            "$x^2$",
        ),
    ],
)
def test_formulas_are_tex(math: str, tex: str) -> None:
    assert markdown(f"<p>{math}</p>") == tex


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("<a href='mailto:a_b@port.example?subject=x'>us</a>", "us (a_b@port.example)"),
        ("<a href='mailto:a@port.example'>A@port.example</a>", "A@port.example"),
        ("<a href='tel:+491234'>now</a>", "now (+491234)"),
        ("<a href='tel:+491234'>+49 (12) 34</a>", "+49 (12) 34"),
        (
            "<a href='MAILTO:a%40port.example'><b>the office</b> </a>",
            "**the office** (a@port.example)",
        ),
        ("<a href='mailto:'>us</a>", "us"),
        ("<a href='/office'>us</a>", "us"),
    ],
)
def test_an_address_that_a_link_does_not_say_follows_it(link: str, expected: str) -> None:
    assert markdown(f"<p>Write to {link}.</p>") == f"Write to {expected}."


def test_an_address_follows_in_the_block_that_is_a_link() -> None:
    assert markdown("<a href='tel:12'><div>Call</div></a>") == "Call (12)"


COMMANDS = [
    ("<mfrac><mi>a</mi><mi>b</mi></mfrac>", "\\frac{a}{b}"),
    ("<mroot><mi>a</mi><mn>3</mn></mroot>", "\\sqrt[3]{a}"),
    ("<msqrt><mi>a</mi></msqrt>", "\\sqrt{a}"),
    ("<mover><mi>a</mi><mo>¯</mo></mover>", "\\bar{a}"),
    ("<mtext>two words</mtext>", "\\text{two words}"),
    ("<mi>sin</mi><mi>x</mi>", "\\sin x"),
    ("<mi>αb</mi>", "\\alpha b"),
    ("<mo>×</mo><mi>x</mi>", "\\times x"),
    ("<mn>2×x</mn>", "2\\times x"),
    ("<mfenced open='⟨' close='⟩'><mi>x</mi></mfenced>", "\\langle x\\rangle"),
]


@pytest.mark.parametrize(("math", "tex"), COMMANDS)
@pytest.mark.parametrize(
    "around",
    [
        *("{}", "<p>so {} is</p>", "<ul><li>{}</li></ul>", "<h2>{}</h2>", "<b>{}</b>"),
        *("<a href='/a'>{}</a>", "<dl><dt>{}</dt><dd>it</dd></dl>", "a<noscript>b</noscript>{}"),
        *("<table><tr><th>a</th><th>{}</th></tr><tr><td>1</td><td>2</td></tr></table>", "x{}y"),
    ],
)
def test_a_command_is_whole_and_ends_before_a_letter(math: str, tex: str, around: str) -> None:
    assert f"${tex}$" in markdown(around.format(f"<math>{math}</math>"))


def test_admonitions_are_quotes_with_a_bold_title() -> None:
    sphinx = "<div class='admonition note'><p class=admonition-title>Note</p><p>Mind it.</p></div>"
    docbook = (
        "<div class=note><table><tr><td rowspan=2><img alt='[Note]'></td><th>Note</th></tr>"
        "<tr><td><p>Mind it.</p></td></tr></table></div>"
    )
    for html in (sphinx, docbook):
        assert markdown(f"<p>Before.</p>{html}") == "Before.\n\n> **Note**\n>\n> Mind it."


def test_what_unfolds_is_there_with_its_summary() -> None:
    html = "<details><summary>Fees?</summary><p>Ten euro.</p></details>"
    assert markdown(html) == "**Fees?**\n\nTen euro."


def test_a_caption_is_a_paragraph_and_said_once() -> None:
    html = "<figure><img src=a.png alt='The quay'><figcaption>The quay</figcaption></figure>"
    assert markdown(html) == "The quay"


@pytest.mark.parametrize("tag", ["div", "ul", "blockquote", "span", "table", "b"])
@pytest.mark.parametrize("depth", [300, 1_500, 100_000])
def test_deep_nesting_loses_no_text(tag: str, depth: int) -> None:
    html = f"<p>before</p>{f'<{tag}>' * depth}deep{f'</{tag}>' * depth}<p>after</p>"
    words = [word for word in markdown(html).replace("*", "").split() if word not in "->"]
    assert words == ["before", "deep", "after"]


def test_a_table_that_claims_to_be_huge_keeps_its_cells() -> None:
    cell = "<td colspan=1000 rowspan=65534>a</td>"
    text = markdown(f"<table>{f'<tr>{cell * 50}</tr>' * 50}</table>")
    assert text.count("a") == 2_500
    assert len(text) < 100_000


@pytest.mark.parametrize("part", ["\\(", "<p", "<a href='#x'>1</a>", "<!--", "&x"])
def test_what_is_never_closed_hides_no_text(part: str) -> None:
    assert markdown(f"<p id=x>text</p>{part * 20_000}").startswith("text")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<mrow>", "</mrow>"),
        ("<mfrac>", "</mfrac>"),
        ("<mtable><mtr><mtd>", "</mtd></mtr></mtable>"),
    ],
)
def test_formulas_within_each_other_are_written_once(opening: str, closing: str) -> None:
    """The time would otherwise double with each level."""
    text = markdown(f"<p>Let <math>{opening * 40}<mi>y</mi>{closing * 40}</math> be.</p>")
    assert text.count("y") == 1


def test_code_in_many_elements_keeps_its_text() -> None:
    assert "gate" in markdown(f"<pre>{'<div>' * 1_500}gate{'</div>' * 1_500}</pre>")


def test_blocks_nested_without_end_are_refused() -> None:
    with pytest.raises(CannotRead, match="nested too deeply"):
        markdown("<pre> \n" * 20_000)
