# end.sh ID RESULT: the deployment is over, its lock is free.
id=$1 result=$2
# It never began here, or ended by itself.
[ -d "$deployments/$id" ] && [ ! -e "$deployments/$id/result" ] || exit 0
if [ "$result" = "done" ]; then
	finish "$id"
elif [ -e "$deployments/$id/changing" ] && [ ! -e "$deployments/$id/back.rc" ]; then
	# Its way back has not come to its end: that one ends it.
	exit 0
fi
end_deployment "$id" "$result"
