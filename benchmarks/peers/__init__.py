"""The same jobs without gtmsim, one module for each package and of its name."""
