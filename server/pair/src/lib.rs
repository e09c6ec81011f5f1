//! The pair file: a PyTorch function, the Triton kernel that does the same, and the inputs that prove it.
