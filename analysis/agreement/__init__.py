"""How far two codings of the same texts agree, beyond what chance would give. `docs/agreement.md` explains the numbers.

`measures` knows the statistics, `units` turns codings into what is counted, `compare` puts both together with
bootstrap intervals, `table` writes the result for reading.
"""

from analysis.agreement.compare import compare
from analysis.agreement.table import as_table
from analysis.agreement.units import CodedText, pair

__all__ = ["CodedText", "as_table", "compare", "pair"]
