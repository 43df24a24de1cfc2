"""The researcher's desk: what people do with answers (review, coding, adjudication), kept in one file beside the data.

`book` is that file: chained entries, no words. `shelf` finds and opens answers, `redact` takes stretches out, `review`
says what may leave, `coding` holds what people coded, `adjudication` what they settled, `codebook` which version of a
framework was used. Exports ask `review_state`.
"""

from analysis.desk.book import Book
from analysis.desk.errors import DeskError
from analysis.desk.names import read_name
from analysis.desk.review import ReviewState, people_needed, review_state
from analysis.desk.shelf import Cleaner, OnDesk, Shelf, approved_texts, count_unreviewed, name_of

__all__ = [
    "Book",
    "Cleaner",
    "DeskError",
    "OnDesk",
    "ReviewState",
    "Shelf",
    "approved_texts",
    "count_unreviewed",
    "name_of",
    "people_needed",
    "read_name",
    "review_state",
]
