"""How the text of documents is shown."""

import pytest

from qareview.templatetags.qareview import markdown, plain_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It rains.[^1]", "<p>It rains.<sup>1</sup></p>"),
        ("[^1]: Twice.", "<p><sup>1</sup>: Twice.</p>"),  # CommonMark's address of a link
        ("  [^a]: Twice & more.", "<p><sup>a</sup>: Twice &amp; more.</p>"),
        ("Write `[^1]`.", "<p>Write <code>[^1]</code>.</p>"),
        ("    [^1]: code", "<pre><code>[^1]: code\n</code></pre>"),
        ("See [a][b].\n\n[b]: https://e.org", '<p>See <a href="https://e.org">a</a>.</p>'),
        ("a[^<b>]", "<p>a<sup>&lt;b&gt;</sup></p>"),
        ("x[^ ] y[^]", "<p>x[^ ] y[^]</p>"),
    ],
)
def test_footnotes_are_shown_with_their_numbers(text: str, shown: str) -> None:
    assert markdown(text).strip().replace(' rel="noopener noreferrer"', "") == shown


def test_support_is_marked_beside_a_footnote() -> None:
    marked = markdown("It rains.[^1] Well.", [{"from": 3, "to": 9}])
    assert marked == '<p>It <mark data-carries="0">rains.</mark><sup>1</sup> Well.</p>\n'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"So $x\, dx$ is.", r"<p>So $x\, dx$ is.</p>"),
        (r"$$a \\ b_1*c*$$", r"<p>$$a \\ b_1*c*$$</p>"),
        ("It costs $5 and *not* $6.", "<p>It costs $5 and <em>not</em> $6.</p>"),
        ("$5/*b*/$6", "<p>$5/<em>b</em>/$6</p>"),
        (r"`$a\,b$`", r"<p><code>$a\,b$</code></p>"),
    ],
)
def test_tex_is_shown_as_it_stands(text: str, shown: str) -> None:
    assert markdown(text).strip() == shown


@pytest.mark.parametrize(
    ("levels", "shown"),
    [
        ([1], [2]),
        ([3], [2]),
        ([1, 3, 2, 4], [2, 3, 3, 4]),
        ([2, 1], [2, 2]),
        ([1, 2, 3, 4, 5, 6], [2, 3, 4, 5, 6, 6]),
    ],
)
def test_headings_stand_below_that_of_the_page_and_leave_out_no_level(
    levels: list[int], shown: list[int]
) -> None:
    text = "\n\n".join(f"{'#' * level} Tides" for level in levels)
    assert markdown(text).splitlines() == [f"<h{level}>Tides</h{level}>" for level in shown]


def test_plain_text_is_no_markdown() -> None:
    text = "# a\n2*3*4 <b>\n---\n[x](y)"
    assert plain_text(text) == '<p class="pre"># a\n2*3*4 &lt;b&gt;\n---\n[x](y)</p>'
    marked = '<p class="pre"># a\n<mark data-carries="0">2*3*4</mark> &lt;b&gt;\n---\n[x](y)</p>'
    assert plain_text(text, [{"from": 4, "to": 9}]) == marked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It is ~~never~~ open.", "<p>It is <s>never</s> open.</p>"),
        (
            "> [!NOTE]\n> It rains.",
            "<blockquote>\n<p><strong>Note</strong>\nIt rains.</p>\n</blockquote>",
        ),
        ("> [!ALARM]\n> It rains.", "<blockquote>\n<p>[!ALARM]\nIt rains.</p>\n</blockquote>"),
        ("- [ ] Rain\n- [x] Sun", "<ul>\n<li>☐ Rain</li>\n<li>☑ Sun</li>\n</ul>"),
        ("[x] is no task", "<p>[x] is no task</p>"),
        (
            "<details>\n<summary>More *rain*</summary>\n\nIt rains.\n\n</details>",
            "<p><strong>More <em>rain</em></strong></p>\n<p>It rains.</p>",
        ),
        (
            "<details open><summary>More</summary>\nRain.",
            "<p><strong>More</strong></p>\n<p>Rain.</p>",
        ),
        ("Rain.\n</details>", "<p>Rain.</p>"),
        ("    <details>", "<pre><code>&lt;details&gt;\n</code></pre>"),
        ("<b>", "<p>&lt;b&gt;</p>"),
    ],
)
def test_marks_of_other_markdown_are_not_shown_raw(text: str, shown: str) -> None:
    assert markdown(text).strip() == shown
