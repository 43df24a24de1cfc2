"""The researcher's desk: what people do with answers (review, coding, adjudication), kept in one file beside the data.

`book` is that file: chained entries, no words. `shelf` finds and opens answers, `redact` takes stretches out, `review`
says what may leave, `coding` holds what people coded, `adjudication` what they settled, `codebook` which version of a
framework was used.

For exports: `approved_texts` gives what may leave, `review_state` the verdict on one text; `Handing` makes people's
codings ready to leave. `coded_by`, `coders_of` and `put_beside` read them from the entries about an answer
(`book.of(name_of(answer))`); `Clean.to_clean` turns their spans into positions of the clean text. Codings from
elsewhere come in with `Coding.add(..., origin="import")`.
"""

from analysis.desk.adjudication import put_beside, settle_codings
from analysis.desk.book import Book
from analysis.desk.coding import Coding, Marked, PersonCoding, coded_by, coders_of
from analysis.desk.errors import DeskError
from analysis.desk.handing import Handed, Handing, Work
from analysis.desk.names import read_name
from analysis.desk.review import ReviewState, people_needed, review_state
from analysis.desk.shelf import Cleaner, OnDesk, Shelf, approved_texts, name_of, only_reviewed

__all__ = [
    "Book",
    "Cleaner",
    "Coding",
    "DeskError",
    "Handed",
    "Handing",
    "Marked",
    "OnDesk",
    "PersonCoding",
    "ReviewState",
    "Shelf",
    "Work",
    "approved_texts",
    "coded_by",
    "coders_of",
    "name_of",
    "only_reviewed",
    "people_needed",
    "put_beside",
    "read_name",
    "review_state",
    "settle_codings",
]
