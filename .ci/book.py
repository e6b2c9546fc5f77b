#!/usr/bin/env python3
"""A preprocessor of mdBook: what a page links to outside of docs/ is not on the site, so such links lead to the repository.

mdBook gives the context and the book as JSON on standard input, and reads the book from standard output:
https://rust-lang.github.io/mdBook/for_developers/preprocessors.html. tests/links.rs checks that each link leads somewhere.
"""

import json
import posixpath
import re
import sys

REPOSITORY = "https://github.com/wasideps/wasideps"
LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")


def text_of(path: str, content: str) -> str:
    """`content` of the page at `path` below docs/."""

    def lead(link: re.Match[str]) -> str:
        to = posixpath.normpath(posixpath.join("docs", posixpath.dirname(path), link[1]))
        on_the_site = to.startswith("docs/") and posixpath.splitext(to)[1] in (".md", ".png", ".svg", ".json")
        return link[0] if on_the_site else f"]({REPOSITORY}/blob/HEAD/{to}{link[2] or ''})"

    return LINK.sub(lead, content)


def lead_out(items: list) -> None:
    for item in items:
        if isinstance(item, dict) and (chapter := item.get("Chapter")):
            chapter["content"] = text_of(chapter["path"], chapter["content"])
            lead_out(chapter["sub_items"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["supports"]:
        sys.exit(0)
    _, book = json.load(sys.stdin)
    # `sections` until mdBook 0.4.
    lead_out(book.get("items") or book.get("sections"))
    json.dump(book, sys.stdout)
