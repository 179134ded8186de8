# stop-build.sh ID: ends the build of a deployment; nobody waits for it any more.
for unit in "$deployments/$1"/steps/*-build.sh; do
	unit=${unit##*/}
	systemctl stop "fleet-$1-${unit%%-*}.service" 2>/dev/null || true
done
