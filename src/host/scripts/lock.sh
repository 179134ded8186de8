# lock.sh ID: locks the hypervisor for the deployment, before its first changing step. Prints the guests with operations
# since it began: fleet has to read these again.
id=$1
refuse_decided "$id"
lock_hypervisor "$id"
[ ! -s "$deployments/$id/operated" ] || sort -u "$deployments/$id/operated" | sed "s/^/operated$tab/"
