# fleet-watch, every 15 s, behind the libraries: looks at each guest, and acts by its recovery policy.
