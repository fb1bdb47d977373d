"""How the documentation is built: make docs. Sphinx reads the pages' markdown by MyST; nothing is fetched."""

project = "Patina Sessions"
copyright = "Patina Sessions contributors"  # noqa: A001 - the name that Sphinx reads
extensions = ["myst_parser"]
exclude_patterns = ["pictures"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = project
html_static_path: list[str] = []
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1f6f5c", "color-brand-content": "#1f6f5c"},
    "dark_css_variables": {"color-brand-primary": "#6ccbb0", "color-brand-content": "#6ccbb0"},
}
nitpicky = True
