# resume.sh ID OPERATOR: another fleet resumes a deployment. Waits for the current step; prints the number of the last one
# and the state before the deployment.
id=$1 operator=$2
folder=$deployments/$id
is_open "$id" || die resume.over "deployment $id is over here: $(cat "$folder/result" 2>/dev/null || echo unknown)"
[ "$(target "$state/lock")" = "deployments/$id" ] || die resume.no-lock "deployment $id no longer holds the lock here: see fleet history, then fleet plan"
refuse_decided "$id"
extend "$id" 600
while [ -n "$(systemctl list-units --no-legend --plain --state=active,activating,deactivating "fleet-$id-*.service" 2>/dev/null)" ]; do sleep 0.2; done
at_work "$id" || die resume.dead "deployment $id is no longer running here: end it with fleet unlock"
refuse_decided "$id"
extend "$id" "$(meta "$id" confirm)"
note "$id" - "resumed-by-$operator" begin
note "$id" - "resumed-by-$operator" end 0
for file in "$folder"/steps/*.sh; do
	[ ! -f "$file" ] || { file=${file##*/} && last=${file%%-*}; }
done
printf 'last\t%s\n' "${last:-000}"
[ ! -f "$folder/switched" ] || printf 'switched\t%s\n' "$(cat "$folder/switched")"
printf 'former\t%s\n' "$(meta "$id" former)"
cat "$folder/before"
