# remote.sh CHECKOUT URL REF: can root here read the repository, as checkout.sh will? What it says of REF: a commit, or
# nothing. Reads only.
checkout=$R$1
# Units have no agent, and nobody to ask.
unset SSH_AUTH_SOCK SSH_ASKPASS
export GIT_TERMINAL_PROMPT=0
# In the checkout its own settings count.
[ -d "$checkout/.git" ] || checkout=$R/
cd "$checkout"
set -- git ls-remote -- "$2" "$3"
! command -v timeout >/dev/null || set -- timeout -k 1 30 "$@"
listed=$("$@") || {
	[ $? != 124 ] || die remote.silent 'no answer within 30 s'
	die remote.refused 'git ls-remote failed'
}
for word in $listed; do
	answer commit "$word"
	break
done
