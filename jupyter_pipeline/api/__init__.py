"""The contract and its operations without HTTP: a request of any kind to a reply. Knows no web server."""
