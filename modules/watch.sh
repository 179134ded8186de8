# Rendered by fleet from fleet.yaml: change it there.
# fleet-watch, every 15 s, behind the libraries: looks at each guest, and acts by its recovery policy.
