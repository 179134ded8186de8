# Rendered by fleet from fleet.yaml: change it there.
# fleet-gc, daily, behind the libraries: removes old generations and collects what nobody needs, if the policy says so.
