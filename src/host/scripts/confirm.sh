# confirm.sh ID: confirms the deployment: from here on the hypervisor does not roll back by itself. fleet sends this over
# a connection that it made after the last change, once everything is healthy. Standard input: rows for `finish`, which
# say what is now deployed, and a last line `end`.
id=$1
deployment=$deployments/$id
refuse_decided "$id"
write "$deployment/after"
[ "$(tail -n 1 "$deployment/after")" = end ] || die confirm.cut "the rows did not arrive whole"
note "$id" - confirm begin
extend "$id" "$(meta "$id" confirm)"
on_disk "$deployment/after" "$deployment"
if ! ln -sn confirmed "$deployment/decided" 2>/dev/null; then
	refuse_decided "$id"
	die confirm.no-space "cannot write to ${deployment#"$R"}: the hypervisor will roll itself back; make room there, then deploy again"
fi
on_disk "$deployment"
note "$id" - confirm end 0
deployment_event confirmed "$id"
