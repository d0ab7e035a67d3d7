"""Where does a reader search, filter and sort the items, and see one whole? The markup; page.js makes it work."""

from __future__ import annotations

from pipeline.report import words

_HEADS = (
    ("verdict", "Verdict"),
    ("date", "Date (UTC)"),
    ("sender", "From"),
    ("title", "Subject or name"),
    ("reason", "Why"),
)


def section(note: str) -> str:
    """Filters, an empty list, and the drawer for one item."""
    heads = "".join(
        f'<div role="columnheader" class="{name}" aria-sort="none">'
        f'<button type="button" data-sort="{name}">{title}</button></div>'
        for name, title in _HEADS
    )
    verdicts = enumerate((*((name, sign) for name, sign, *_ in words.VERDICTS.values()), ("Apart", "·")))
    chips = "".join(
        f'<label class="chip"><input type="checkbox" name="verdict" value="{number}" checked> '
        f'<span aria-hidden="true">{sign}</span> {name} <span class="number" data-count="{number}"></span></label>'
        for number, (name, sign) in verdicts
    )
    return f"""\
<section aria-labelledby="items"><h2 id="items">All items</h2>
<p>{note} “Apart” are containers, gaps, links and what could not be read: no verdict is about them.</p>
<noscript><p>This list needs the page's own script, which your browser does not run. Everything else on the page is
complete without it, and items.parquet holds the list.</p></noscript>
<p id="unlisted" hidden>Your browser could not unpack this list: it is older than 2023 (it lacks DecompressionStream),
or the page is not whole. Everything else is complete without it, and items.parquet holds the list.</p>
<div id="list" hidden>
<form id="filters" role="search" aria-label="Items">
<label class="search">Search subject, name, path, sender
<input type="search" id="search" autocomplete="off" spellcheck="false"></label>
<fieldset class="chips"><legend>Verdict</legend>{chips}</fieldset>
<label>Why <select id="reason"><option value="">any reason</option></select></label>
<label>Kind <select id="kind"><option value="">any kind</option></select></label>
<label>Read <select id="status"><option value="">whole or not</option></select></label>
<label>Dated from <input type="date" id="since"></label>
<label>to <input type="date" id="until"></label>
<label class="tick"><input type="checkbox" id="holding"> holds others (attachments, members)</label>
<button type="reset">Clear</button>
</form>
<p id="tally" role="status"></p>
<p id="grid-help">Arrow keys move, Enter opens an item, Escape closes it. A click on a heading sorts.</p>
<div id="grid" role="grid" tabindex="0" aria-labelledby="items" aria-describedby="grid-help">
<div role="rowgroup" class="heads"><div role="row" aria-rowindex="1">{heads}</div></div>
<div role="rowgroup" id="rows"></div>
</div>
</div>
<div id="printed"></div>
<dialog id="drawer" aria-labelledby="drawer-title">
<div class="drawer-head">
<button type="button" id="before">‹ Previous</button> <button type="button" id="next">Next ›</button>
<button type="button" id="print">Print</button> <button type="button" id="close">Close</button>
</div>
<div id="drawer-body"></div>
</dialog>
</section>"""
