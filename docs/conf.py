"""Sphinx: pages in MyST, notebooks that run, reference pages made from the code itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

import salutogen  # noqa: E402

# Notebooks run in a kernel of their own; its debugger would warn about frozen modules.
os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"

project = "salutogen"
author = "The salutogen developers"
copyright = "The salutogen developers, Apache-2.0"
version = release = salutogen.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "mathml",
    "reference_pages",
]
exclude_patterns = ["_build", "_ext", "jupyter_execute", "**.ipynb_checkpoints"]

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_execution_in_temp = True
nb_merge_streams = True

napoleon_google_docstring = False
napoleon_use_ivar = True
# Sizes in the shape of an array, such as (n_rows, k), are no references to attributes of that name.
suppress_warnings = ["ref.python"]
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"

html_theme = "furo"
html_title = "salutogen"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sourcelink = False
html_math_renderer = "mathml"
