# checkout.sh ID CHECKOUT SOURCE REF COMMIT: checks out exactly COMMIT, on a local branch `fleet`: some versions of Nix
# refuse a detached HEAD. SOURCE is a url, or `bundle`.
id=$1 checkout=$R$2 source=$3 ref=$4 commit=$5
printf 'commit\t%s\nbranch\t%s\n' "$commit" "${ref#refs/heads/}" >>"$deployments/$id/meta"
export GIT_TERMINAL_PROMPT=0
# fsync, so that a power cut leaves no empty objects or refs. No gc in the background, which would end with this step.
export GIT_CONFIG_COUNT=3 GIT_CONFIG_KEY_0=core.fsync GIT_CONFIG_VALUE_0=all
export GIT_CONFIG_KEY_1=gc.autoDetach GIT_CONFIG_VALUE_1=false GIT_CONFIG_KEY_2=maintenance.autoDetach GIT_CONFIG_VALUE_2=false

case $source in
bundle) source=$deployments/$id/commit.bundle ref=refs/heads/fleet ;;
esac
if [ ! -d "$checkout/.git" ]; then
	[ -z "$(ls -A "$checkout" 2>/dev/null)" ] ||
		die checkout.not-ours "${checkout#"$R"} holds files and is not a git repository: move them aside, or set another checkout"
	git init -q "$checkout"
fi
cd "$checkout"
chmod go-rwx .
free_checkout "$checkout"
if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
	git fetch -q --no-tags -- "$source" "$ref" ||
		die checkout.fetch "git fetch failed: can this hypervisor read the repository? (git.transport: send needs no access)"
	git cat-file -e "$commit^{commit}" 2>/dev/null ||
		die checkout.commit-missing "commit $commit is not in what was fetched: was it pushed to the repository that this hypervisor reads?"
fi
# Changes that a person left here are stashed, so that nothing is lost.
if git rev-parse -q --verify HEAD >/dev/null && [ -n "$(git status --porcelain)" ]; then
	# git stash fails on files that were added with `git add -N`.
	git reset -q
	git -c user.name=fleet -c user.email=fleet@localhost stash push -q --include-untracked -m "set aside by fleet"
	echo "what was changed by hand in ${checkout#"$R"} is kept in git stash"
fi
: >"$deployments/$id/checked-out"
git checkout -q --force -B fleet "$commit"
[ -z "$(git status --porcelain)" ] ||
	die checkout.dirty "$(git status --porcelain | head -n 1 | cut -c 4-) in ${checkout#"$R"} is not fleet's and cannot be set aside: move it"
[ "$(git rev-parse HEAD)" = "$commit" ] || die checkout.wrong "${checkout#"$R"} did not reach $commit: see git status in it, then deploy again"
