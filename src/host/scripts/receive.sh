# receive.sh ID: the commit as a git bundle on standard input, for hypervisors that cannot pull.
cat | write "$deployments/$1/commit.bundle"
