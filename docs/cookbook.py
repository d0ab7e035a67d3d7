"""Make docs/cookbook.md: each named question in DuckDB, Polars and pandas, with its answer on the sample leak.

triage run sample_dump/leak -o out --keys sample_dump/keys --protect horizon-commun.example --protect lavigie.example
python docs/cookbook.py out
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.query import as_text, ask  # noqa: E402
from pipeline.questions import QUESTIONS  # noqa: E402
from pipeline.tables import TABLES  # noqa: E402

PAGE = ROOT / "docs" / "cookbook.md"
MODULES = {"Polars": "polars as pl", "pandas": "pandas as pd"}

# By question, for each library: an expression over the tables.
POLARS = {
    "overview": """\
items.group_by("verdict", "reason_code").len("n").sort(
    [-pl.col("n").cast(pl.Int64), "verdict", "reason_code"], nulls_last=True)""",
    "timeline": """\
(items.filter(pl.col("kind") == "email", pl.col("date_utc").is_not_null())
    .group_by(pl.col("date_utc").dt.strftime("%Y-%m").alias("month"), "verdict").len("n")
    .sort("month", "verdict"))""",
    "senders": """\
(items.filter(pl.col("kind") == "email", pl.col("from_domain").is_not_null())
    .group_by("from_domain").agg(
        n=pl.len(),
        verified=(pl.col("verdict") == "verified").sum(),
        suspected=(pl.col("verdict") == "suspected_fake").sum())
    .sort([-pl.col("n").cast(pl.Int64), "from_domain"]).head(20))""",
    "lookalikes": """\
(items.filter(pl.col("lookalike_of").is_not_null())
    .group_by("lookalike_of", "from_domain").agg(
        n=pl.len(), earliest=pl.col("date_utc").min(), latest=pl.col("date_utc").max())
    .sort([-pl.col("n").cast(pl.Int64), "lookalike_of", "from_domain"]))""",
    "contradictions": """\
(items.filter(pl.col("verdict") == "suspected_fake")
    .sort([-pl.col("n_contradicts"), "path"])
    .select("path", "n_contradicts", "headline").head(50))""",
    "codes": """\
(findings.filter(pl.col("direction") == "contradicts")
    .group_by("code", "strength").agg(items=pl.col("item_id").n_unique())
    .sort([-pl.col("items").cast(pl.Int64), "code"]))""",
    "clocks": """\
(items.with_columns(hours=((pl.col("received_utc") - pl.col("date_utc")).dt.total_seconds() / 3600).round(1))
    .filter(pl.col("hours").abs() > 24)
    .sort([-pl.col("hours").abs(), "path"])
    .select("path", "date_utc", "received_utc", "hours").head(50))""",
    "objections": """\
(signatures.join(items.select("item_id", "path", "verdict"), on="item_id")
    .filter(pl.col("result") == "pass", pl.col("objection").is_not_null())
    .sort("path", "seq").select("path", "domain", "objection", "verdict").head(50))""",
    "keys": """\
(keys.sort([-pl.col("n_verified"), "domain", "selector", "key_id"])
    .select("domain", "selector", "source", "bits", "n_verified", "n_failed", "weakness"))""",
    "documents": """\
(items.join(items.select("item_id", "from_email", "subject"), left_on="inherits_from", right_on="item_id", suffix="_of")
    .sort("path").select("path", "kind", from_email="from_email_of", subject="subject_of").head(50))""",
    "repaired": """\
(items.filter(pl.col("verdict") == "verified", pl.col("repairs").is_not_null())
    .sort("path").select("path", "subject", "repairs"))""",
    "unread": """\
(sources.filter((pl.col("status") != "ok") | (pl.col("n_errors") > 0))
    .sort("source_path").select("source_path", "status", "error_code", "n_items", "n_errors"))""",
}
PANDAS = {
    "overview": """\
(items.groupby(["verdict", "reason_code"], observed=True, dropna=False).size().reset_index(name="n")
    .astype({"verdict": str}).sort_values(["n", "verdict", "reason_code"], ascending=[False, True, True]))""",
    "timeline": """\
(items[(items.kind == "email") & items.date_utc.notna()]
    .assign(month=lambda t: t.date_utc.dt.strftime("%Y-%m"))
    .groupby(["month", "verdict"], observed=True).size().reset_index(name="n")
    .astype({"verdict": str}).sort_values(["month", "verdict"]))""",
    "senders": """\
(items[(items.kind == "email") & items.from_domain.notna()]
    .assign(verified=lambda t: t.verdict == "verified", suspected=lambda t: t.verdict == "suspected_fake")
    .groupby("from_domain").agg(n=("item_id", "size"), verified=("verified", "sum"), suspected=("suspected", "sum"))
    .reset_index().sort_values(["n", "from_domain"], ascending=[False, True]).head(20))""",
    "lookalikes": """\
(items[items.lookalike_of.notna()]
    .groupby(["lookalike_of", "from_domain"], dropna=False)
    .agg(n=("item_id", "size"), earliest=("date_utc", "min"), latest=("date_utc", "max"))
    .reset_index().sort_values(["n", "lookalike_of", "from_domain"], ascending=[False, True, True]))""",
    "contradictions": """\
(items[items.verdict == "suspected_fake"]
    .sort_values(["n_contradicts", "path"], ascending=[False, True])
    [["path", "n_contradicts", "headline"]].head(50))""",
    "codes": """\
(findings[findings.direction == "contradicts"]
    .groupby(["code", "strength"], observed=True).agg(items=("item_id", "nunique"))
    .reset_index().sort_values(["items", "code"], ascending=[False, True]))""",
    "clocks": """\
(items.assign(hours=((items.received_utc - items.date_utc).dt.total_seconds() / 3600).round(1))
    .query("abs(hours) > 24")
    .sort_values(["hours", "path"], key=lambda c: -c.abs() if c.name == "hours" else c)
    [["path", "date_utc", "received_utc", "hours"]].head(50))""",
    "objections": """\
(signatures.merge(items[["item_id", "path", "verdict"]], on="item_id")
    .query("result == 'pass' and objection.notna()")
    .sort_values(["path", "seq"])[["path", "domain", "objection", "verdict"]].head(50))""",
    "keys": """\
(keys.sort_values(["n_verified", "domain", "selector", "key_id"], ascending=[False, True, True, True])
    [["domain", "selector", "source", "bits", "n_verified", "n_failed", "weakness"]])""",
    "documents": """\
(items[["path", "kind", "inherits_from"]]
    .merge(items[["item_id", "from_email", "subject"]], left_on="inherits_from", right_on="item_id")
    .sort_values("path")[["path", "kind", "from_email", "subject"]].head(50))""",
    "repaired": """\
(items[(items.verdict == "verified") & items.repairs.notna()]
    .sort_values("path")[["path", "subject", "repairs"]])""",
    "unread": """\
(sources[(sources.status != "ok") | (sources.n_errors > 0)]
    .sort_values("source_path")[["source_path", "status", "error_code", "n_items", "n_errors"]])""",
}
LIBRARIES = {"Polars": POLARS, "pandas": PANDAS}


def answer(out: Path, library: str, name: str) -> Any:
    """What the expression of a library gives: a table of that library."""
    module = __import__(library.lower())
    short = MODULES[library].rpartition(" ")[2]
    expression = LIBRARIES[library][name]
    known = {table: module.read_parquet(out / f"{table}.parquet") for table in TABLES if table in expression}
    return eval(expression, {short: module, **known})  # noqa: S307 - written above


def page(out: Path) -> str:
    """The whole page, with the answers that DuckDB gives on the tables of out."""
    lines = [
        "# Cookbook",
        "",
        "Questions that `triage query OUT NAME` answers, the same in Polars and pandas, and the answers on the sample",
        "leak.",
        "Made by `docs/cookbook.py`; a test runs everything here and compares the answers of the three.",
        "",
        "```sh",
        "triage run sample_dump/leak -o out --keys sample_dump/keys \\",
        "    --protect horizon-commun.example --protect lavigie.example",
        "triage query out overview          # by name; --csv and --json as well",
        "triage query out \"FROM items SELECT path WHERE subject ILIKE '%budget%'\"",
        "```",
        "",
        "Every table is a Parquet file, so that the Python examples begin with",
        "",
        "```python",
        "import polars as pl",
        "",
        'items = pl.read_parquet("out/items.parquet")  # and findings, signatures, keys, sources; pandas likewise',
        "```",
        "",
        "`triage query` hands DuckDB these five tables and nothing else: no file, no extension, no network. On the",
        "files themselves, write `FROM 'out/items.parquet'` in a DuckDB of your own.",
        "",
    ]
    for name, question in QUESTIONS.items():
        lines += [f"## {name}", "", question.asks, "", "```sql", question.sql, "```", ""]
        for library, snippets in LIBRARIES.items():
            lines += [library, "", "```python", snippets[name], "```", ""]
        lines += ["```text", *as_text(ask(out, question.sql)), "```", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(Path(sys.argv[1])), "utf-8")
