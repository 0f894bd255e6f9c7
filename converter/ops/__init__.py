"""Functions of TensorFlow as nodes of ``keras.ops``.

Each module holds one family: plain tables for functions that one Keras op computes, and small
functions for the rest. Such a function bears the names of TensorFlow's parameters and their
defaults; it gets a ``Nodes``, which collects op nodes, and returns what stands for the results.
What a file names is looked up in these tables and nowhere else.
"""
