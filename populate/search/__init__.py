"""Searches: studies from files, and their trials."""
