"""The page in a real browser: `pytest -m browser`, with the extra `browser` and a Chromium on the PATH.

Left out of the usual test line, since it needs a browser. Sandboxing is left to whoever runs it: containers have none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from pipeline.report.page import page

pytestmark = pytest.mark.browser

# Each would run, load or reach something if it were markup; {} makes them differ.
PAYLOADS = (
    "</script><script>ran({})</script>",
    '"><script>ran({})</script>',
    "<img src=http://attacker.example/{} onerror=ran({})>",
    "<svg onload=ran({})>",
    "<iframe srcdoc='<script>parent.ran({})</script>'>",
    "<body onload=ran({})>",
    "<link rel=stylesheet href=http://attacker.example/{}.css>",
    "<meta http-equiv=refresh content='0;url=http://attacker.example/{}'>",
    "javascript:ran({})",
    "<a href=javascript:ran({}) autofocus onfocus=ran({})>x</a>",
    "<style>@import 'http://attacker.example/{}'</style>",
    "<object data=http://attacker.example/{}></object>",
    "<video src=http://attacker.example/{}></video>",
    "<details open ontoggle=ran({})>",
    "{{constructor.constructor('ran({})')()}}",
    "<!--><img src=x onerror=ran({})>-->",
    "</bdi></td></table><img src=x onerror=ran({})>",
    "'-ran({})-'",
    "\\u003cimg src=x onerror=ran({})\\u003e",
    "\u202e<script>ran({})</script>",
    "<template><script>ran({})</script></template>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=ran({})>",
    "]]><script>ran({})</script>",
    "<base href=http://attacker.example/{}/>",
    '=HYPERLINK("http://attacker.example/{}")',
    "\x00<script>ran({})</script>",
)
HOSTILE = (
    "subject",
    "file_name",
    "path",
    "from_name",
    "from_email",
    "from_domain",
    "headline",
    "would_change",
    "date_raw",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium of this machine."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "no Chromium on the PATH"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample leak."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(html, "utf-8")
    return path


def opened(browser: Any, file: Path, **options: Any) -> Any:
    """The page in a tab of its own, ready to use."""
    tab = browser.new_page(**options)
    tab.set_default_timeout(10_000)
    tab.goto(file.as_uri())
    tab.wait_for_selector("html[data-ready]", state="attached")
    return tab


@pytest.fixture
def tab(browser: Any, file: Path) -> Iterator[Any]:
    found = opened(browser, file)
    yield found
    found.close()


def tally_says(tab: Any, words: str) -> None:
    """The list is drawn anew in the next frame."""
    tab.wait_for_function("words => document.getElementById('tally').textContent === words", arg=words)


def test_a_search_narrows_the_list_and_clearing_it_brings_all_back(tab: Any) -> None:
    tally_says(tab, "132 of 132 items")
    tab.fill("#search", "INVOICE-amount")
    tally_says(tab, "1 of 132 items")
    assert "copies/invoice-amount.eml" in tab.inner_text("#rows")
    tab.fill("#search", "edunmore settlement")  # every word must be there
    tally_says(tab, "0 of 132 items")
    tab.click("button[type=reset]")
    tally_says(tab, "132 of 132 items")


def test_filters_add_up(tab: Any) -> None:
    for value in ("1", "2", "3"):
        tab.uncheck(f"input[name=verdict][value='{value}']")
    tally_says(tab, "6 of 132 items")
    tab.select_option("#reason", label="altered copy (3)")
    tally_says(tab, "3 of 132 items")
    tab.fill("#since", "2017-04-12")
    tally_says(tab, "2 of 132 items")
    tab.fill("#until", "2017-04-11")
    tally_says(tab, "0 of 132 items")


def test_only_items_that_hold_others(tab: Any) -> None:
    tab.check("#holding")
    tab.fill("#search", "partage.zip")
    tally_says(tab, "3 of 132 items")  # the archive, a mail and an archive in it


def test_a_heading_sorts_up_and_down_and_what_is_missing_stands_last(tab: Any) -> None:
    date = tab.locator("[data-sort=date]")
    date.click()
    assert date.locator("..").get_attribute("aria-sort") == "ascending"
    assert tab.inner_text("#rows [role=row]:first-child .date") == "2012-01-17 09:11"
    date.click()
    assert date.locator("..").get_attribute("aria-sort") == "descending"
    assert tab.inner_text("#rows [role=row]:first-child .date").startswith("2021")
    tab.focus("#grid")
    tab.keyboard.press("End")
    assert tab.inner_text("#rows [role=row]:last-child .date") == ""


def test_the_keyboard_alone_finds_opens_and_leaves_an_item(tab: Any) -> None:
    tab.focus("#search")
    tab.keyboard.type("settlement")
    tab.focus("#grid")
    tab.keyboard.press("ArrowDown")
    assert tab.get_attribute("#grid", "aria-activedescendant") == "line-1"
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#drawer[open]")
    assert tab.inner_text("#drawer-title") == "Settlement talks set for Friday"
    tab.keyboard.press("Escape")
    tab.wait_for_selector("#drawer:not([open])", state="attached")
    assert tab.evaluate("document.activeElement.id") == "grid"


def test_the_drawer_tells_evidence_clocks_what_would_change_it_and_what_to_run(tab: Any) -> None:
    tab.fill("#search", "words-changed")
    tab.click("#rows [role=row]")
    tab.wait_for_selector("#drawer[open]")
    told = tab.inner_text("#drawer")
    for words in ("Suspected · altered after signing", "Against it", "Innocent explanations:", "What would change it"):
        assert words in told
    assert [mark.strip() for mark in tab.locator("#drawer .contradicts mark").all_inner_texts()] == ["third", "half"]
    assert tab.locator("#drawer .clocks li").all_inner_texts() == [
        "2017-04-14 09:22:33\ndate", "same second\nsignature (dkim)", "28 s later\nreceived of hop 0",
    ]  # fmt: skip
    assert "mails/recus/words-changed.eml" in tab.inner_text("#drawer code:has-text('triage explain')")


def test_the_drawer_leads_to_the_message_that_carries_an_item(tab: Any) -> None:
    tab.fill("#search", "visuels.eml!2")
    tab.click("#rows [role=row]")
    tab.click("#drawer dt:has-text('Lies in') + dd button")
    tab.wait_for_function("() => document.getElementById('drawer-title').textContent === 'Visuels'")


def test_a_sender_leads_to_its_items(tab: Any) -> None:
    tab.click("button[data-search='sondages-kappa.example']")
    tally_says(tab, "2 of 132 items")


def test_only_the_rows_in_sight_are_drawn(tab: Any) -> None:
    assert tab.locator("#rows [role=row]").count() < 40
    assert tab.get_attribute("#grid", "aria-rowcount") == "133"


def test_print_shows_what_is_selected_and_every_folded_table(tab: Any) -> None:
    tab.fill("#search", "settlement")
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert "The first 6 of the 6 items now selected, of 132." in tab.inner_text("#printed")
    assert tab.locator("details:not([open])").count() == 0
    assert not tab.is_visible("#list") and not tab.is_visible("nav")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.locator("details[open]").count() == 0
    assert tab.pdf().startswith(b"%PDF")


def test_print_of_an_open_item_is_that_item_alone(tab: Any) -> None:
    tab.click("#rows [role=row]")
    tab.wait_for_selector("#drawer[open]")
    tab.emulate_media(media="print")
    assert tab.is_visible("#drawer-title")
    assert not tab.is_visible("header") and not tab.is_visible("#method")


def test_without_a_script_all_but_the_list_is_there(browser: Any, file: Path) -> None:
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(file.as_uri())
    assert "does not run" in tab.inner_text("noscript")
    assert tab.is_visible(".chart") and not tab.is_visible("#list") and not tab.is_visible(".pick")
    tab.close()


@pytest.mark.parametrize("spoil", ["an old browser", "a page that was cut"])
def test_a_list_that_cannot_be_unpacked_says_so(browser: Any, html: str, tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "report.html"
    tab = browser.new_page()
    if spoil == "an old browser":
        tab.add_init_script("delete window.DecompressionStream")
        file.write_text(html, "utf-8")
    else:
        file.write_text(html.replace('id="columns">eNr', 'id="columns">AAAA'), "utf-8")
        assert file.read_text("utf-8") != html
    tab.goto(file.as_uri())
    tab.wait_for_selector("#unlisted:not([hidden])")
    assert not tab.is_visible("#list")
    tab.close()


VIEWS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 360, "height": 740}},
    "contrast": {"forced_colors": "active"},
}


@pytest.mark.parametrize("inside", ["page", "item"])
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(browser: Any, file: Path, view: str, inside: str) -> None:
    import axe_playwright_python

    axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
    tab = opened(browser, file, **VIEWS[view])
    if inside == "item":
        tab.fill("#search", "homoglyph")
        tab.click("#rows [role=row]")
        tab.wait_for_selector("#drawer[open]")
    tab.evaluate(axe)
    found = tab.evaluate("axe.run()")
    tab.close()
    assert len(found["passes"]) > 20
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found["violations"]] == []


def test_hostile_subjects_and_names_run_nothing_and_reach_nothing(
    browser: Any, out: Path, rewrite: Any, tmp_path: Path
) -> None:
    def spoiled(items: pa.Table) -> pa.Table:
        rows = items.to_pylist()
        for number, row in enumerate(rows):
            for at, column in enumerate(HOSTILE):
                row[column] = PAYLOADS[(number + at) % len(PAYLOADS)].replace("{}", f"{number}")
            row["path"] += str(number)
        return pa.Table.from_pylist(rows, items.schema)

    def told(findings: pa.Table) -> pa.Table:
        rows = findings.to_pylist()
        for number, row in enumerate(rows):
            row["summary"] = row["expected"] = row["actual"] = PAYLOADS[number % len(PAYLOADS)].replace(
                "{}", f"{number}"
            )
        return pa.Table.from_pylist(rows, findings.schema)

    rewrite("items", spoiled)
    rewrite("findings", told)
    file = tmp_path / "hostile.html"
    file.write_text(page(out), "utf-8")
    tab = browser.new_page()
    tab.route("http://**", lambda route: route.abort())
    reached, noises, ran = [], [], []
    tab.on("request", lambda request: reached.append(request.url))
    tab.on("dialog", lambda dialog: noises.append(dialog.message))
    tab.on("console", lambda message: noises.append(message.text))
    tab.on("pageerror", lambda error: noises.append(str(error)))
    tab.expose_function("ran", lambda number: ran.append(number))
    tab.goto(file.as_uri())
    tab.wait_for_selector("html[data-ready]", state="attached")
    scripts = tab.locator("script").count()
    tab.click("#rows [role=row]")
    tab.wait_for_selector("#drawer[open]")
    seen = {tab.inner_text("#drawer-title")}
    while tab.is_enabled("#next"):
        tab.click("#next")
        seen.add(tab.inner_text("#drawer-title"))
    assert len(seen) >= 100
    assert (ran, noises, reached) == ([], [], [file.as_uri()])
    assert tab.locator("script").count() == scripts
    assert tab.locator("img, iframe, object, video, link, base, #rows a, #drawer a, form form").count() == 0
    assert tab.locator("style").count() == 1
    tab.close()


def test_the_same_texts_as_markup_would_run_and_reach(browser: Any) -> None:
    tab = browser.new_page()
    tab.route("http://**", lambda route: route.abort())
    reached, ran = [], []
    tab.on("request", lambda request: reached.append(request.url))
    tab.expose_function("ran", lambda number: ran.append(number))
    for number, payload in enumerate(PAYLOADS):
        if "refresh" not in payload:  # it would leave the page in the middle of this test
            tab.set_content(payload.replace("{}", str(number)), wait_until="load")
    assert len(set(ran)) >= 10 and len(reached) >= 3
    tab.close()
