"""One action over many files: workers that may die, a journal to resume by, a report.

The seam is ``concurrent.futures``: any executor that runs `perform` will do.
"""
