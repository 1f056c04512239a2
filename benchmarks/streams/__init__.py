"""The quality of the random stream: words in the order in which kernels consume them."""
