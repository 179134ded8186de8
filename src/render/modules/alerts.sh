# fleet-alerts, every 15 s, behind the libraries: what the rules of the policy say about the last sample, and to whom.
