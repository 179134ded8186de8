# receive.sh ID: saves the commit, a git bundle on standard input, for a hypervisor that cannot fetch it.
cat | write "$deployments/$1/commit.bundle"
