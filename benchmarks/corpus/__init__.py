"""A labelled corpus: an invented world whose honest, damaged, forged and imitated mail is known to be so.

Written from the side of the people who send, export and forge mail, not from that of the checks. Mail is
put together and signed by the modules of the sample dump, sealed by that of the tests.
"""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(_ROOT / "sample_dump"), str(_ROOT / "tests")]
