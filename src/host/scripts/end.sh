# end.sh ID RESULT: the deployment is over, its lock is free.
id=$1 result=$2
# It never began here, or ended by itself.
[ -d "$deployments/$id" ] && [ ! -e "$deployments/$id/result" ] || exit 0
[ "$result" != "done" ] || finish "$id"
end_deployment "$id" "$result"
