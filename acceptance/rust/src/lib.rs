//! Nothing: the build scripts of the dependencies are what is looked at.
