"use strict";
// The page's own script: unpacks the blocks, lists, searches, filters, sorts, and shows one item.
// Text of the dump reaches the page through textContent alone.
(async () => {
  const ROW = 52; // height of a row in CSS pixels, as in page.css
  const SPARE = 8; // rows drawn above and below what is seen
  const PRINTED = 200; // rows of the list on paper
  const HELD = 50; // items inside an item that the drawer lists
  // Draws nothing, or turns the text around it: shown.py marks the same.
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/u;
  const [VERIFIED, APART] = [1, 3]; // places in all.verdicts, and after them
  const DIRECTIONS = ["supports", "contradicts", "neutral"];
  const STRENGTHS = ["decisive", "strong", "weak"];
  const DAY = 86400; // seconds

  const at = (id) => document.getElementById(id);
  const run = JSON.parse(at("run").textContent);

  // ---- reading ------------------------------------------------------------------------------

  async function unpack(id) {
    const text = atob(at(id).textContent);
    const octets = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) octets[i] = text.charCodeAt(i);
    const stream = new Blob([octets]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  let all;
  try {
    all = await unpack("columns");
  } catch {
    at("unlisted").hidden = false; // an old browser, or a page that was cut
    return;
  }
  const size = all.path.length;
  const verdict = Uint8Array.from(all.verdict);
  const parent = Int32Array.from(all.parent, (back, row) => (back ? row - back : -1));
  const held = new Int32Array(size); // how many items lie directly inside
  for (const row of parent) if (row >= 0) held[row]++;
  const date = new Float64Array(size); // seconds since 1970, NaN without one
  for (let row = 0, before = 0; row < size; row++) {
    date[row] = all.date[row] === null ? NaN : (before += all.date[row]);
  }
  const senders = all.senders.map(([email, name]) => `${name || ""} ${email || ""}`.toLowerCase());
  const haystack = all.path.map((path, row) => `${path}\n${all.title[row] || ""}`.toLowerCase());
  const reasons = all.words.reason.map(([words]) => words);

  function title(row) {
    return all.title[row] || all.path[row].split(/[/!]/).pop() || all.path[row];
  }
  function moment(seconds) {
    return new Date(seconds * 1000).toISOString().replace(/\.000Z$/, "").replace("T", " ");
  }
  function certain(row) {
    const confidence = all.words.reason[all.reason[row]][1];
    return confidence && `confidence: ${confidence}`;
  }
  function named(row) {
    return verdict[row] === APART ? ["Apart", "·"] : all.verdicts[verdict[row]];
  }

  // ---- hostile text -------------------------------------------------------------------------

  function shown(text) {
    const bdi = document.createElement("bdi");
    if (!UNSEEN.test(text)) {
      bdi.textContent = text;
      return bdi;
    }
    for (const char of text) {
      if (UNSEEN.test(char)) {
        const code = char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
        bdi.append(make("span", "unseen", `U+${code}`));
      } else {
        bdi.append(char);
      }
    }
    return bdi;
  }

  function make(tag, className, ...inside) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...inside); // strings become text nodes, never markup
    return node;
  }

  function domain(name) {
    const told = all.reads[name];
    if (!told) return [shown(name)];
    return [shown(name), " ", make("span", "reads", "reads as ", shown(told[0]), ` (${told[1]})`)];
  }

  // ---- the list -----------------------------------------------------------------------------

  const grid = at("grid");
  const rows = at("rows");
  let order = Uint32Array.from({ length: size }, (_, row) => row);
  let view = order;
  let active = 0; // place in the view
  let sorted = { by: "", down: false };

  const KEYS = {
    verdict: (row) => verdict[row],
    date: (row) => date[row],
    sender: (row) => senders[all.sender[row]],
    title: (row) => title(row).toLowerCase(),
    reason: (row) => reasons[all.reason[row]],
  };

  function sort(by) {
    sorted = { by, down: sorted.by === by && !sorted.down };
    const keys = Array.from({ length: size }, (_, row) => KEYS[by](row));
    const empty = (key) => key === "" || key === " " || Number.isNaN(key);
    const sign = sorted.down ? -1 : 1;
    order = Uint32Array.from({ length: size }, (_, row) => row).sort((a, b) => {
      if (empty(keys[a]) || empty(keys[b])) return empty(keys[a]) - empty(keys[b]) || a - b; // last, either way
      return keys[a] < keys[b] ? -sign : keys[a] > keys[b] ? sign : a - b;
    });
    for (const button of grid.querySelectorAll("[data-sort]")) {
      const state = button.dataset.sort === by ? (sorted.down ? "descending" : "ascending") : "none";
      button.parentElement.setAttribute("aria-sort", state);
    }
    filter();
  }

  function filter() {
    const terms = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = [0, 0, 0, 0];
    for (const box of document.getElementsByName("verdict")) wanted[box.value] = box.checked;
    const [reason, kind, status] = ["reason", "kind", "status"].map((id) => at(id).value);
    const since = at("since").valueAsNumber / 1000;
    const until = at("until").valueAsNumber / 1000 + DAY;
    const holding = at("holding").checked;
    const by = terms.map((term) => senders.map((sender) => sender.includes(term)));
    const said = (row) => {
      for (let i = 0; i < terms.length; i++) {
        if (!by[i][all.sender[row]] && !haystack[row].includes(terms[i])) return false;
      }
      return true;
    };
    const found = new Uint32Array(size);
    let n = 0;
    for (let i = 0; i < size; i++) {
      const row = order[i];
      if (!wanted[verdict[row]] || (holding && !held[row])) continue;
      if (reason && reasons[all.reason[row]] !== reason) continue;
      if (kind && all.kind[row] !== +kind) continue;
      if (status && all.status[row] !== +status) continue;
      if (since && !(date[row] >= since)) continue;
      if (until && !(date[row] < until)) continue;
      if (said(row)) found[n++] = row;
    }
    view = found.subarray(0, n);
    active = 0;
    grid.scrollTop = 0;
    at("tally").textContent = `${n.toLocaleString("en")} of ${size.toLocaleString("en")} items`;
    draw();
  }

  function cell(name, ...inside) {
    const node = make("div", name, ...inside);
    node.setAttribute("role", "gridcell");
    return node;
  }

  function line(place) {
    const row = view[place];
    const [word, sign] = named(row);
    const node = make("div", `line v${verdict[row]}`);
    const [email, name] = all.senders[all.sender[row]];
    node.id = `line-${place}`;
    node.setAttribute("role", "row");
    node.setAttribute("aria-rowindex", place + 2);
    node.setAttribute("aria-selected", place === active);
    node.dataset.place = place;
    node.style.transform = `translateY(${place * ROW}px)`;
    const mark = make("span", "sign", sign);
    mark.setAttribute("aria-hidden", "true");
    node.append(
      cell("verdict", mark, ` ${word}`, make("small", "", certain(row))),
      cell("date", Number.isNaN(date[row]) ? "" : moment(date[row]).slice(0, 16)),
      cell("sender", shown(email || ""), make("small", "", shown(name || ""))),
      cell("title", shown(title(row)), make("small", "", shown(all.path[row]))),
      cell("reason", reasons[all.reason[row]]),
    );
    return node;
  }

  function draw() {
    const head = grid.firstElementChild.offsetHeight;
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW) - SPARE);
    const last = Math.min(view.length, Math.ceil((grid.scrollTop + grid.clientHeight - head) / ROW) + SPARE);
    rows.style.height = `${view.length * ROW}px`;
    grid.setAttribute("aria-rowcount", view.length + 1);
    const drawn = [];
    for (let place = first; place < last; place++) drawn.push(line(place));
    rows.replaceChildren(...drawn);
    if (active >= first && active < last) grid.setAttribute("aria-activedescendant", `line-${active}`);
    else grid.removeAttribute("aria-activedescendant");
  }

  function move(place) {
    if (!view.length) return;
    active = Math.max(0, Math.min(view.length - 1, place));
    const seen = grid.clientHeight - grid.firstElementChild.offsetHeight;
    if (active * ROW < grid.scrollTop) grid.scrollTop = active * ROW;
    else if ((active + 1) * ROW > grid.scrollTop + seen) grid.scrollTop = (active + 1) * ROW - seen;
    draw();
  }

  function options(id, words, label) {
    const counts = new Map();
    const column = id === "reason" ? all.reason.map((n) => reasons[n]) : all[id];
    for (const value of column) counts.set(value, (counts.get(value) || 0) + 1);
    const found = [...counts].sort((a, b) => b[1] - a[1]);
    for (const [value, count] of found) {
      const option = make("option", "", `${label(value)} (${count.toLocaleString("en")})`);
      option.value = value;
      at(id).append(option);
    }
  }

  // ---- one item -----------------------------------------------------------------------------

  const drawer = at("drawer");
  const opened = new Map(); // blocks of details, by number

  async function details(row) {
    const number = Math.floor(row / all.block);
    if (!opened.has(number)) opened.set(number, await unpack(`details-${number}`));
    return opened.get(number)[row % all.block];
  }

  async function open(row) {
    const told = await details(row);
    at("drawer-body").replaceChildren(...item(row, told));
    at("before").disabled = active <= 0;
    at("next").disabled = active >= view.length - 1;
    if (!drawer.open) drawer.showModal();
    drawer.scrollTop = 0;
  }

  function item(row, [headline, change, written, to, evidence, signatures, carrier, same, error, near, described]) {
    const [word, sign] = named(row);
    const [email, name, from] = all.senders[all.sender[row]];
    const mark = make("span", "sign", sign);
    mark.setAttribute("aria-hidden", "true");
    const top = make("h2", "", shown(title(row)));
    top.id = "drawer-title";
    const parts = [
      top,
      make("p", `badge v${verdict[row]}`, mark, ` ${[word, reasons[all.reason[row]], certain(row)].filter(Boolean).join(" · ")}`),
      make("p", "headline", shown(headline || "")),
    ];
    const facts = make("dl", "");
    const fact = (term, ...inside) => facts.append(make("dt", "", term), make("dd", "", ...inside));
    if (email) fact("From", shown(email), name ? " · called " : "", name ? shown(name) : "");
    if (from) fact("Domain", ...domain(from));
    if (to) fact("To", shown(to.join(", ")));
    if (!Number.isNaN(date[row])) fact("Date", `${moment(date[row])} UTC, by the sender's clock`, zone(written));
    else if (written) fact("Date", shown(written), " (no usable time)");
    fact("Where", shown(all.path[row]));
    fact("Kind", all.words.kind[all.kind[row]]);
    if (error) fact("Not read whole", error);
    const names = ["Author, by its metadata", "Last saved by", "Created", "Modified", "Software"];
    (described || []).forEach((value, i) => value && fact(names[i], shown(value)));
    const others = [["Proven by", carrier], ["Same octets as", same], ["Nearly the same as", near]];
    for (const [term, other] of others) if (Number.isInteger(other)) fact(term, link(other));
    if (parent[row] >= 0) fact("Lies in", link(parent[row]));
    if (held[row]) fact("Holds", ...inside(row));
    parts.push(facts);
    parts.push(...evidenceOf(row, evidence || []));
    parts.push(...signaturesOf(signatures || []));
    const would = change || run.would_change[["suspected_fake", "verified"][verdict[row]]];
    if (would) parts.push(make("h3", "", "What would change it"), make("p", "", shown(would)));
    parts.push(make("h3", "", "What to run next"), ...commands(row));
    return parts;
  }

  function link(row) {
    const button = make("button", "link", shown(`${title(row)} (${all.path[row]})`));
    button.type = "button";
    button.addEventListener("click", () => open(row));
    return button;
  }

  function inside(row) {
    const found = [];
    for (let other = 0; other < size && found.length < HELD; other++) {
      if (parent[other] === row) found.push(make("div", "", link(other)));
    }
    if (held[row] > found.length) found.push(`and ${held[row] - found.length} more`);
    return found;
  }

  function zone(minutes) {
    if (!minutes && minutes !== 0) return "";
    const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
    return ` (written as UTC${minutes < 0 ? "−" : "+"}${hours}:${String(rest).padStart(2, "0")})`;
  }

  function evidenceOf(row, evidence) {
    const parts = [make("h3", "", "Evidence")];
    const groups = [["contradicts", "Against it"], ["supports", "For it"], ["neutral", "Neither"]];
    let clocks = null;
    for (const [direction, heading] of groups) {
      const list = make("ul", "evidence");
      for (const one of evidence) {
        const [code, sense, text] = one;
        if (DIRECTIONS[Math.floor(sense / 3)] !== direction) continue;
        if (Array.isArray(text)) clocks = text;
        else list.append(finding(one, all.codes[code], direction, STRENGTHS[sense % 3]));
      }
      if (list.children.length) parts.push(make("h4", "", heading), list);
    }
    if (parts.length === 1 && !clocks) parts.push(make("p", "", "No check had anything to say about it."));
    if (clocks) parts.push(make("h3", "", "Its clocks, in order"), timeline(clocks, date[row] || 0));
    return parts;
  }

  function finding([, , detail, expected, actual, start, length], [code, sentence, innocent], direction, strength) {
    const text = [sentence, detail].filter(Boolean).join(": ");
    const node = make("li", direction, make("span", "strength", strength), " ", shown(text), " ", make("code", "", code));
    if (expected || actual) {
      const [left, right] = differing(expected || "", actual || "");
      const one = make("div", "", make("h5", "", "By the evidence"), make("p", "", ...left));
      const other = make("div", "", make("h5", "", "Here"), make("p", "", ...right));
      node.append(make("div", "values", one, other));
    }
    if (start !== undefined) node.append(make("p", "", `Octets ${start} to ${start + length - 1} of the item.`));
    if (innocent && direction === "contradicts") {
      node.append(make("p", "", make("strong", "", "Innocent explanations: "), shown(innocent)));
    }
    return node;
  }

  function differing(one, other) {
    const [a, b] = [Array.from(one), Array.from(other)];
    let head = 0;
    while (head < a.length && head < b.length && a[head] === b[head]) head++;
    let tail = 0;
    while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
    const marked = (letters) => {
      const middle = letters.slice(head, letters.length - tail).join("");
      const parts = [shown(letters.slice(0, head).join(""))];
      if (middle) parts.push(make("mark", "", shown(middle)));
      return [...parts, shown(letters.slice(letters.length - tail).join(""))];
    };
    return [marked(a), marked(b)];
  }

  function later(seconds) {
    const [size, unit] = [[DAY, "days"], [3600, "h"], [60, "min"]].find(([one]) => seconds >= one) || [1, "s"];
    return seconds ? `${Math.round(seconds / size)} ${unit} later` : "same second";
  }

  function timeline(clocks, start) {
    const list = make("ol", "clocks");
    for (let i = 0, now = start; i < clocks.length; i += 2) {
      now += clocks[i];
      const gap = make("span", clocks[i] >= DAY ? "gap far" : "gap", i ? later(clocks[i]) : moment(now));
      const node = make("li", "", gap, make("span", "clock", shown(all.labels[clocks[i + 1]])));
      node.title = `${moment(now)} UTC`;
      list.append(node);
    }
    return list;
  }

  function signaturesOf(signatures) {
    if (!signatures.length) return [];
    const parts = [make("h3", "", "Signatures")];
    for (const [type, name, result, key, reason, objection, repairs, header, body, signed, left, whole] of signatures) {
      const facts = make("dl", "");
      const fact = (term, text) => text && facts.append(make("dt", "", term), make("dd", "", shown(text)));
      const word = (ok) => (ok === null ? "not decided" : ok ? "as signed" : "not as signed");
      fact("Result", [result, reason].filter(Boolean).join(": "));
      fact("Key", key);
      if (whole) fact("What it covers", word(body));
      else fact("Header, body", `${word(header)}, ${type === "arc-seal" ? "a seal covers no body" : word(body)}`);
      fact("Undone first", repairs && repairs.replaceAll("+", ", "));
      fact("Leaves open", objection);
      fact("Fields it covers", signed);
      fact("Fields it leaves", left);
      parts.push(make("h4", "", `${type} `, shown(name)), facts);
    }
    return parts;
  }

  function commands(row) {
    const name = all.ids[row] || `'${all.path[row].replaceAll("'", "'\\''")}'`;
    const told = [[`triage explain ${run.out} ${name}`, "everything that is known of it"]];
    if (verdict[row] === VERIFIED) {
      told.push([`triage proof ${run.out} ${name} --dump ${run.dump} -o proof`, "what a stranger checks with openssl alone"]);
    }
    return told.map(([line, does]) => make("p", "", make("code", "", shown(line)), ` ${does}`));
  }

  // ---- wiring -------------------------------------------------------------------------------

  for (const box of document.querySelectorAll("[data-count]")) {
    const value = +box.dataset.count;
    box.textContent = verdict.reduce((n, one) => n + (one === value), 0).toLocaleString("en");
  }
  options("reason", reasons, (word) => word || "none");
  options("kind", all.words.kind, (n) => all.words.kind[n]);
  options("status", all.words.status, (n) => all.words.status[n]);
  const form = at("filters");
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  grid.addEventListener("scroll", () => requestAnimationFrame(draw));
  grid.addEventListener("click", (event) => {
    const button = event.target.closest("[data-sort]");
    const picked = event.target.closest("[data-place]");
    if (button) sort(button.dataset.sort);
    if (picked) {
      move(+picked.dataset.place);
      open(view[active]);
    }
  });
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid) return; // a heading's button has its own keys
    const page = Math.max(1, Math.floor(grid.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -size, End: size };
    if (event.key in steps) move(active + steps[event.key]);
    else if (event.key === "Enter" && view.length) open(view[active]);
    else return;
    event.preventDefault();
  });
  addEventListener("resize", draw);
  at("close").addEventListener("click", () => drawer.close());
  at("print").addEventListener("click", () => print());
  for (const [id, step] of [["before", -1], ["next", 1]]) {
    at(id).addEventListener("click", () => {
      move(active + step);
      open(view[active]);
    });
  }
  for (const button of document.querySelectorAll(".pick")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      form.reset();
      at("search").value = button.dataset.search;
      filter();
      at("items").scrollIntoView();
      grid.focus({ preventScroll: true });
    });
  }

  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
    const few = Array.from(view.subarray(0, PRINTED));
    const body = few.map((row) => {
      const [email] = all.senders[all.sender[row]];
      const when = Number.isNaN(date[row]) ? "" : moment(date[row]).slice(0, 16);
      const cells = [named(row)[0], when, shown(email || ""), shown(title(row)), shown(all.path[row]), reasons[all.reason[row]]];
      return make("tr", "", ...cells.map((one) => make("td", "", one)));
    });
    const note = `The first ${few.length} of the ${view.length.toLocaleString("en")} items now selected, of ${size.toLocaleString("en")}.`;
    const heads = ["Verdict", "Date (UTC)", "From", "Subject or name", "Where", "Why"];
    const head = make("thead", "", make("tr", "", ...heads.map((one) => make("th", "", one))));
    at("printed").replaceChildren(make("p", "", note), make("table", "", head, make("tbody", "", ...body)));
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    at("printed").replaceChildren();
  });

  at("list").hidden = false;
  filter();
  document.documentElement.dataset.ready = "true";
})();
