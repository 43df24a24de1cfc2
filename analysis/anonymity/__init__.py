"""k-anonymity and l-diversity over what is told of people: characteristics, service and period. See `generalise`."""

from analysis.anonymity.generalise import Anonymised, Loss, anonymise
from analysis.anonymity.hierarchy import NOT_TOLD, WITHHELD, Hierarchy, read_hierarchies

__all__ = ["NOT_TOLD", "WITHHELD", "Anonymised", "Hierarchy", "Loss", "anonymise", "read_hierarchies"]
