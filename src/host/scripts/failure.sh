# failure.sh ID: records why the deployment failed, for `fleet history`. Standard input: rows, as src/deploy/failure.ts
# writes them. Only the first failure is recorded: later ones may follow from it.
deployment=$deployments/$1
[ -d "$deployment" ] && [ ! -e "$deployment/result" ] && [ ! -e "$deployment/failure" ] || exit 0
head -c 16384 | write "$deployment/failure"
