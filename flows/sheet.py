"""The participant information sheet and the consent form as one page to print, for a review or a reader of paper.

Every word that people read in the chat before they agree is on it as it stands in the guide, in the same order, and the
mark of the wording is the one on their receipts: what a committee approves can be held against what was agreed to. What
a guide cannot know (who is asking, who approved it) is a field to fill in by hand.
"""

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from flows.guide import Guide
from flows.show.page import paragraphs, pieces

#: What a committee asks for and only those who ask can say.
FIELDS = (
    "Name of the study or service evaluation",
    "Sponsor, and controller of the data",
    "Who answers for it, with address and telephone",
    "Ethics committee and reference, or why none is needed",
    "Data protection officer, and where to complain",
    "Lawful basis for keeping what people say",
)


def show_sheet(guide: Guide) -> str:
    """The page, as text. The same guide gives the same bytes."""
    pages = Environment(
        loader=PackageLoader("flows.show"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["pieces"] = pieces
    pages.filters["paragraphs"] = paragraphs
    style = "\n".join(
        files("flows.show").joinpath(f"templates/{name}.css").read_text("utf-8") for name in ("page", "sheet")
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return pages.get_template("sheet.html").render(
        guide=guide,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        fields=FIELDS,
    )
