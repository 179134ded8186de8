# fleet-gc, daily, behind the libraries: removes old generations and collects what nobody needs, if the policy says so.
