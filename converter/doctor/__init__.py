"""The environment: what is installed, whether it fits together, and the pip line that mends it.

Imports nothing but Python's own library, so that it works where h5py or NumPy do not.
"""
