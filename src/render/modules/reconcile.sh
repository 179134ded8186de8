# fleet-reconcile, after a boot and every 5 minutes, behind the libraries: what is on disk against what runs, against what
# is declared.
