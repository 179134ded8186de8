# fleet-again@NAME, behind the libraries: starts a guest again whose restart waited.
