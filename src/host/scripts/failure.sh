# failure.sh ID: why a deployment failed, as rows on standard input (src/deploy/failure.ts): kept with it, for
# `fleet history`. What failed first is why; what fails after it is not.
deployment=$deployments/$1
[ -d "$deployment" ] && [ ! -e "$deployment/result" ] && [ ! -e "$deployment/failure" ] || exit 0
head -c 16384 | write "$deployment/failure"
