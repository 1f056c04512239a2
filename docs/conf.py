"""How the site is built: ``sphinx-build -W -n docs OUT``. Nothing is fetched, now or when read."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import gtmsim

project = "gtmsim"
author = "gtmsim developers"
copyright = "gtmsim developers, MIT licence"  # noqa: A001 -- the setting is called so
version = release = gtmsim.__version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "site_extension",
]
exclude_patterns = ["_build"]
default_role = "py:obj"

html_theme = "furo"
html_title = "gtmsim"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_math_renderer = "mathml"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0072B2", "color-brand-content": "#005f94"},
    "dark_css_variables": {"color-brand-primary": "#56B4E9", "color-brand-content": "#56B4E9"},
}

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
# Sums of money are no equations.
myst_dmath_allow_space = False
myst_dmath_allow_digits = False
myst_heading_anchors = 4

# Docstrings name types in words ("array (campaign,)"), which say more than the annotations.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True

# Copy what is typed, not the prompt nor what is printed.
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True
