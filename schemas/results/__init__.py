"""Results: views for any SQL client, the same as DataFrames, and queries that join tables."""

from schemas.results.frames import contrasts as contrasts
from schemas.results.frames import fits as fits
from schemas.results.frames import meis as meis
from schemas.results.frames import units as units
