"""On a torch whose TorchInductor is not understood nothing is written; `test_versions` holds what is said."""

from fusewright_harness.inductor.versions import refusal

collect_ignore = ["test_author.py", "test_bounds.py", "test_products.py"] if refusal() else []
