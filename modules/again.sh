# Rendered by fleet from fleet.yaml: change it there.
# fleet-again@NAME, behind the libraries: starts a guest again whose restart waited.
