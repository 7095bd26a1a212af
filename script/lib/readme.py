"""Write README.md and static/description/index.html of each addon from the fragments in its readme/.

``render(addon)`` returns both texts; the tests compare them with the files.
"""

import ast
from pathlib import Path

from markdown_it import MarkdownIt

ADDONS = Path(__file__).resolve().parents[2] / "addons"
NAMES = ("srsp_supervision", "srsp_disclosure")
# {file of readme/: its heading}, in the order in which they are read; the first has the addon's name above it.
FRAGMENTS = {"DESCRIPTION": None, "CONFIGURE": "Configuration", "USAGE": "Usage"}
PAGE = """<section class="oe_container">
<img src="icon.png" alt="" width="96" height="96"/>
{body}</section>
"""


def render(addon):
    """Return ``(README.md, index.html)`` of an addon as texts."""
    manifest = ast.literal_eval((ADDONS / addon / "__manifest__.py").read_text())
    parts = [f"# {manifest['name']}", f"*{manifest['summary']}*"]
    for name, heading in FRAGMENTS.items():
        if heading:
            parts.append(f"## {heading}")
        parts.append((ADDONS / addon / "readme" / f"{name}.md").read_text().strip())
    others = sorted(
        path.name
        for path in (ADDONS / addon / "readme").glob("*.md")
        if path.stem not in FRAGMENTS
    )
    text = "\n\n".join(parts) + "\n"
    page = PAGE.format(body=MarkdownIt().enable("table").render(text))
    links = "".join(f"- [{name}](readme/{name})\n" for name in others)
    return text + f"\n## Further documents\n\n{links}", page


def main():
    for addon in NAMES:
        readme, page = render(addon)
        (ADDONS / addon / "README.md").write_text(readme)
        (ADDONS / addon / "static/description").mkdir(exist_ok=True)
        (ADDONS / addon / "static/description/index.html").write_text(page)


if __name__ == "__main__":
    main()
