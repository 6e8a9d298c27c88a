"""The code as it was: what git knows, each content kept once, folders of links to it. Knows no store."""
