"""Nothing needs the network once it is installed: the guard of all tests, and the tests of that."""
