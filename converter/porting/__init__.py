"""Old Python code of the user's: what it speaks, and how it reads in Keras 3.

Text in, text out: nothing here imports or runs that code.
"""
