# Rendered by fleet from fleet.yaml: change it there.
# fleet-alerts, every 15 s, behind the libraries: what the rules of the policy say about the last sample, and to whom.
