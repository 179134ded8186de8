# Rendered by fleet from fleet.yaml: change it there.
# fleet-sample, every 15 s, behind the libraries: what guests and the hypervisor use, as metrics.
