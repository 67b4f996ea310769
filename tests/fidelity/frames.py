"""The frames that pages of the web have around their content: menus, adverts and footers."""

import html
import re

MENU = "".join(
    f'<li><a href="/s/{name}.html">{name}</a></li>'
    for name in (
        "Products overview",
        "Pricing and plans",
        "Customer stories",
        "Careers with us",
        "Press room",
        "Sign in to your account",
    )
)
CHAPTERS = "".join(
    f'<li><a href="#{number}">Chapter {number} of the other books</a></li>'
    for number in range(1, 9)
)
ADVERT = (
    '<div class="promo"><h3>Summer sale on brooms</h3><p>Buy two brooms now and get the third one '
    "for half the price, only until Sunday at midnight.</p></div>"
)
FOOTER = (
    "<p>Copyright of nobody in particular. All rights are left to the reader of these pages.</p>"
    '<ul><li><a href="/i">Imprint and privacy</a></li>'
    '<li><a href="/c">Cookie settings</a></li></ul>'
)
SCRIPT = "<script>var unused = 'This script text must not be read as content of the page';</script>"
TABLE = (
    '<table width="100%"><tr><td colspan="2"><a href="/">Larch home</a> | <a href="/p">Products '
    'overview</a> | <a href="/q">Pricing and plans</a></td></tr><tr><td width="20%"><ul>{chapters}'
    '</ul></td><td><div>{body}</div></td></tr><tr><td colspan="2">{footer}</td></tr></table>'
)
DOCBOOK = (
    '<div class="navheader"><table><tr><td><a href="p.html">Prev</a></td><th>Part IV of the manual'
    '</th><td><a href="n.html">Next</a></td></tr></table><hr></div><div class="chapter">{body}'
    '</div><div class="navfooter"><hr><table><tr><td><a href="p.html">Prev</a></td><td>'
    '<a href="h.html">Home</a></td><td><a href="n.html">Next</a></td></tr></table></div>'
)


def pages_of(title: str, body: str) -> dict[str, str]:
    """Return a page for each frame; all of them have the same content."""
    divs = re.sub(r"<(/?)section", r"<\1div", body)
    bodies = {
        "plain": body,
        "main": (
            f"<header><nav><ul>{MENU}</ul></nav></header><main>{body}</main>"
            f"<aside>{ADVERT}</aside><footer>{FOOTER}</footer>{SCRIPT}"
        ),
        "content": (
            f'<div id="top" class="menu"><ul>{MENU}</ul></div><div class="sidebar">{ADVERT}'
            f'<ul>{CHAPTERS}</ul></div><div id="content">{divs}</div>'
            f'<div id="footer">{FOOTER}</div>{SCRIPT}'
        ),
        "tags": (
            f"<header><nav><ul>{MENU}</ul></nav></header><nav><ul>{CHAPTERS}</ul></nav>"
            f"<div class='x1'>{divs}</div><aside>{ADVERT}</aside><footer>{FOOTER}</footer>{SCRIPT}"
        ),
        "table": TABLE.format(chapters=CHAPTERS, body=divs, footer=FOOTER) + SCRIPT,
        "manual": DOCBOOK.format(body=_as_docbook(divs)),
    }
    head = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{html.escape(title)} | Larch'
        "</title><style>p{margin:0}</style></head>"
    )
    return {frame: f"{head}<body>{inside}</body></html>" for frame, inside in bodies.items()}


def with_details(body: str) -> str:
    """Return HTML with details that can be unfolded, which pandoc writes as boxes."""
    box = r'<div class="details">\s*<div class="summary">\s*<p>(.*?)</p>\s*</div>(.*?)</div>'
    return re.sub(box, r"<details><summary>\1</summary>\2</details>", body, flags=re.DOTALL)


def _as_docbook(body: str) -> str:
    """Write HTML as DocBook's style sheets do: titles in title pages, paragraphs as divs."""
    heading = re.compile(r"(<h[1-6][^>]*>.*?</h[1-6]>)", re.DOTALL)
    boxed = r'<div class="titlepage"><div><div>\1</div></div></div>'
    paragraph = re.compile(r"<p>(.*?)</p>", re.DOTALL)
    return paragraph.sub(r'<div class="para">\1</div>', heading.sub(boxed, body))
