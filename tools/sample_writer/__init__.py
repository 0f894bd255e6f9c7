"""Writes sample models inside an original framework: Python 3.6, NumPy and that framework only."""
