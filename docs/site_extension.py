"""What the site needs beyond Sphinx: tables made from the code, equations without a network."""

from __future__ import annotations

import html
import importlib
import inspect
import posixpath
from typing import Any

import site_tables
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)

ELSEWHERE = {"gtmsim/fit/COLUMNS.md": "reference/columns.md", "CHANGELOG.md": "changelog.md"}
"""Files of the repository that have a page of the site."""


class Documents(SphinxDirective):
    """The docstrings of names of a module, one a line of the content."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Hand each name to the autodoc directive of its kind."""
        module = importlib.import_module(self.arguments[0])
        lines = []
        for name in self.content:
            lines += [f".. {_kind(getattr(module, name))}:: {module.__name__}.{name}"]
            lines += ["   :members:"] if inspect.isclass(getattr(module, name)) else []
            lines += [""]
        return self.parse_text_to_nodes("\n".join(["```{eval-rst}", *lines, "```"]))


def _kind(value: Any) -> str:
    if inspect.isclass(value):
        return "autoexception" if issubclass(value, BaseException) else "autoclass"
    return "autofunction" if callable(value) else "autodata"


class Table(SphinxDirective):
    """A part of a page that is made from the code by a function of `site_tables`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse what the function returns."""
        text = getattr(site_tables, self.arguments[0])()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def _skip(app: Sphinx, what: str, name: str, value: Any, skip: bool, options: Any) -> bool | None:
    """Leave out fields: the docstring of their class says more of each."""
    owner = app.env.current_document.autodoc_class
    if name.startswith("model_"):
        return True
    if isinstance(owner, type):
        fields = getattr(owner, "model_fields", None) or getattr(owner, "__dataclass_fields__", {})
        return True if name in fields else None
    return None


def _signature(
    app: Sphinx, what: str, name: str, value: Any, options: Any, arguments: str, returns: str
) -> tuple[str, str] | None:
    """Show a model's fields without what pydantic adds to them; results are not made by hand."""
    if what == "class" and issubclass(value, BaseModel):
        fields = value.model_fields.items()
        shown = [
            name
            if field.is_required()
            else f"{name}={field.get_default(call_default_factory=True)!r}"
            for name, field in fields
        ]
        return f"(*, {', '.join(shown)})", ""
    return None


def _resolve(app: Sphinx, env: Any, node: Any, contnode: nodes.Node) -> nodes.Node | None:
    """Find what a docstring calls by its short name, or by the module that it is defined in."""
    if node.get("refdomain") != "py":
        return None
    objects, parts = env.domains.python_domain.objects, node["reftarget"].split(".")
    for size in range(len(parts), 0, -1):
        tail = "." + ".".join(parts[-size:])
        found = [name for name in objects if name.endswith(tail)]
        if found:
            place = objects[min(found, key=len)]
            page = app.builder.get_relative_uri(node["refdoc"], place.docname)
            address = f"{page}#{place.node_id}"
            return nodes.reference("", "", contnode, refuri=address, internal=True)
    # A single backtick may hold any code; what exists and is private is named and not linked.
    return contnode if node["reftype"] == "obj" or _exists(node) else None


def _exists(node: Any) -> bool:
    """Whether the target of a reference is there, from where it is spoken of."""
    target = node["reftarget"]
    places = [target]
    if node.get("py:module"):
        places += [".".join(filter(None, [node["py:module"], node.get("py:class"), target]))]
    return any(_found(place) for place in places)


def _found(place: str) -> bool:
    parts = place.split(".")
    for size in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:size]))
        except ImportError:
            continue
        for name in parts[size:]:
            if name in getattr(value, "__dataclass_fields__", {}):
                return True
            value = getattr(value, name, None)
        return value is not None
    return False


def _link_to_the_site(app: Sphinx, page: str, source: list[str]) -> None:
    """Let a link to a file outside of this folder, as GitHub shows it, lead to its page here."""
    folder = posixpath.dirname(page)
    for file, there in ELSEWHERE.items():
        outside = posixpath.relpath(f"../{file}", folder or ".")
        source[0] = source[0].replace(
            f"]({outside}", f"]({posixpath.relpath(there, folder or '.')}"
        )


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(_mathml(node, as_block=False))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="math">{_mathml(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _mathml(node: nodes.Node, as_block: bool) -> str:
    """Return MathML, which browsers draw by themselves."""
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        logger.warning("an equation cannot be written as MathML: %s", error, location=node)
        return html.escape(node.astext())


def setup(app: Sphinx) -> dict[str, bool]:
    """Register all of it."""
    app.add_directive("documents", Documents)
    app.add_directive("table-of", Table)
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("autodoc-skip-member", _skip)
    app.connect("autodoc-process-signature", _signature)
    app.connect("missing-reference", _resolve)
    app.connect("source-read", _link_to_the_site)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
