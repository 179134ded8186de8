# stop-preparing.sh ID: ends a deployment's checkout, build and access steps when it is interrupted: nothing that runs
# depends on them.
for unit in "$deployments/$1"/steps/*-checkout.sh "$deployments/$1"/steps/*-build.sh "$deployments/$1"/steps/*-access.sh; do
	unit=${unit##*/}
	systemctl stop "fleet-$1-${unit%%-*}.service" 2>/dev/null || true
done
