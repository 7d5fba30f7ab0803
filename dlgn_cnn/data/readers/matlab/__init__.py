"""MATLAB and HDF5 files of a lab's own layout: ``child`` reads their variables in a process that ``reader`` watches."""
