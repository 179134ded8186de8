# lock.sh ID: the deployment has the hypervisor to itself from now on. Prints the guests on which there were operations
# since it began, while it built: what fleet knows of them is of a time before that.
id=$1
refuse_decided "$id"
lock_hypervisor "$id"
[ ! -s "$deployments/$id/operated" ] || sort -u "$deployments/$id/operated" | sed "s/^/operated$tab/"
