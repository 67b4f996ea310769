"""Formats of dates by language; all other formats are Django's."""
