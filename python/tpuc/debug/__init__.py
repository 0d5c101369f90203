"""Finds wrong results: tensors in the simulated chip's memory, reduced models."""
