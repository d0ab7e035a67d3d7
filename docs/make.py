"""Make docs/columns.md and docs/findings.md from the code: `python docs/make.py`."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from pipeline.tables import columns_markdown  # noqa: E402
from transforms import checks, joins  # noqa: E402


def findings_markdown() -> str:
    """Every rule, with what it says and its innocent explanations."""
    lines = [
        "# Findings",
        "",
        "Made from the rules that the checks and joins declare; a test compares the two.",
        "Weak findings never change a verdict. Nothing here is proof of forgery: a person must look.",
        "",
    ]
    modules = [*checks.modules(), *joins.by_name().values()]
    for rule in sorted((rule for module in modules for rule in module.RULES), key=lambda rule: rule.code):
        lines += [
            f"## {rule.code}",
            "",
            f"{rule.sentence}.",
            "",
            f"- direction: {rule.direction.value}, strength: {rule.strength.value}, family: {rule.family}",
            f"- innocent explanations: {rule.innocent}",
            f"- error rate: {rule.rate}",
            "",
        ]
    return "\n".join(lines)


PAGES = {"columns.md": columns_markdown, "findings.md": findings_markdown}


if __name__ == "__main__":
    for name, make in PAGES.items():
        (ROOT / "docs" / name).write_text(make(), "utf-8")
