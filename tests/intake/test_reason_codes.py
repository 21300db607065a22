"""Every code by which a file is refused or a record set aside is explained in docs/configuration.md, and no other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from retention_pipeline.intake import casting, rules
from retention_pipeline.intake.read_exact import BAD_QUOTES, RAGGED

ROOT = Path(__file__).parents[2]
CODE = r"[a-z]+(?:_[a-z]+)+"
IN_OTHER_MODULES = {"unknown_feedback_kind", "score_out_of_scale", BAD_QUOTES, RAGGED}


def refusals() -> set[str]:
    """The first argument of a refusal that looks like a code, in every module of the intake."""
    found = set()
    for path in (ROOT / "retention_pipeline" / "intake").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            is_super = getattr(getattr(node, "func", None), "attr", "") == "__init__"
            if isinstance(node, ast.Call) and (name in {"FileRefusedError", "Refusal"} or is_super):
                texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
                found |= {text for text in texts[:1] if isinstance(text, str) and re.fullmatch(CODE, text)}
    return found


def explained(section: str) -> set[str]:
    """Codes in the first cells of the table after a sentence of the page."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    table = page.partition(section)[2].partition("\n\n")[2].partition("\n\n")[0]
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return set(re.findall(rf"`({CODE}|missing_<column>)`", " ".join(cells)))


def test_every_refusal_is_explained() -> None:
    assert explained("A file is **refused**") == refusals()


def test_every_reason_of_a_record_is_explained() -> None:
    said = f"{casting.__doc__}{rules.__doc__}".replace("\n", " ")
    listed = re.findall(rf"``({CODE}|missing_<column>)``", " ".join(said.split("Reason codes:")[1:]))
    assert len(listed) > 25
    assert explained("A record is **set aside**") == {*listed, *IN_OTHER_MODULES}
