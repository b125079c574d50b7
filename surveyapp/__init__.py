"""A service-journey quality survey platform."""
