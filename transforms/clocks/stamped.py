"""Message identifiers that hold YYYYMMDDhhmmss: Mutt, Postfix, sendmail, Python 2.

UTC or local time by version (44 % of older Mutt, 34 % of older Postfix write local time), so the zone is
unknown; 1 s. 0 of some 1,400 honest ones more than a day from the Date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from transforms.clocks import SECOND, Marks, digits_as_date
from transforms.model import Clock

_FORMS = {
    "postfix": re.compile(r"((?:19|20)[0-9]{12})\.[0-9A-Fa-f]{5,16}@"),
    "stamped": re.compile(r"((?:19|20)[0-9]{12})\.[A-Za-z0-9.]{1,40}@"),
}


def read(marks: Marks) -> Iterator[Clock]:
    for generator, form in _FORMS.items():
        found = form.match(marks.message_id)
        micros = digits_as_date(found[1]) if found else None
        if micros is not None:
            yield Clock("message_id", generator, micros, SECOND, zone_unknown=True)
            return
