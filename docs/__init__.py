"""The documents; `docs.making` builds the site from them."""
