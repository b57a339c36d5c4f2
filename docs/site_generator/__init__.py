"""The pages that are generated at build time, each module a kind; ``docs/hooks.py`` gives them to MkDocs.

``pages(root)`` of each takes the top of the repository and returns Markdown by path in the site.
"""
