//! Nothing to build: it is here so that build dependencies, too, have one set of features.

fn main() {}
