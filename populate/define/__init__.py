"""Definitions: experiments as files, checked and inserted."""
